#pragma once

/// Everything for testing programs that use asyncio, except count_allocations.hpp, which replaces `operator new`.

#include <asyncio/testing/all_tasks_blocked.hpp>
#include <asyncio/testing/captured_log.hpp>
#include <asyncio/testing/counters.hpp>
#include <asyncio/testing/fault_plan.hpp>
#include <asyncio/testing/memory_sockets.hpp>
#include <asyncio/testing/memory_streams.hpp>
#include <asyncio/testing/run_virtual.hpp>
