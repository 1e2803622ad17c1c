#pragma once

/// The umbrella: everything that needs no third-party library, except asyncio::testing.

#include <asyncio/base/context.hpp>
#include <asyncio/base/context_var.hpp>
#include <asyncio/base/except_star.hpp>
#include <asyncio/base/exception_group.hpp>
#include <asyncio/base/exceptions.hpp>
#include <asyncio/base/log.hpp>
#include <asyncio/loop/event_loop.hpp>
#include <asyncio/net/streams.hpp>
#include <asyncio/task/as_completed.hpp>
#include <asyncio/task/async_finally.hpp>
#include <asyncio/task/async_with.hpp>
#include <asyncio/task/coro.hpp>
#include <asyncio/task/create_task.hpp>
#include <asyncio/task/ensure_future.hpp>
#include <asyncio/task/future.hpp>
#include <asyncio/task/gather.hpp>
#include <asyncio/task/run.hpp>
#include <asyncio/task/run_until_complete.hpp>
#include <asyncio/task/runner.hpp>
#include <asyncio/task/shield.hpp>
#include <asyncio/task/sleep.hpp>
#include <asyncio/task/task.hpp>
#include <asyncio/task/task_group.hpp>
#include <asyncio/task/timeout.hpp>
#include <asyncio/task/wait.hpp>
#include <asyncio/task/wait_for.hpp>
