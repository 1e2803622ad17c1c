#pragma once

/// The umbrella: everything that needs no third-party library.

#include <asyncio/base/exceptions.hpp>
#include <asyncio/base/log.hpp>
#include <asyncio/loop/event_loop.hpp>
#include <asyncio/task/coro.hpp>
#include <asyncio/task/create_task.hpp>
#include <asyncio/task/future.hpp>
#include <asyncio/task/sleep.hpp>
#include <asyncio/task/task.hpp>
