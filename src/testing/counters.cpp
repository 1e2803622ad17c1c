#include <asyncio/testing/counters.hpp>

#include <asyncio/base/frame_pool.hpp>
#include <asyncio/base/sys.hpp>
#include <asyncio/loop/loop_core.hpp>

namespace asyncio {

namespace {

thread_local constinit std::uint64_t allocations_of_this_thread = 0;

}  // namespace

void detail::count_allocation() noexcept {
    ++allocations_of_this_thread;
}

namespace testing {

Counters Counters::now() noexcept {
    const detail::LoopCore* const loop = detail::running_loop;
    return {allocations_of_this_thread, detail::pool_heap_requests(), loop != nullptr ? loop->wakeups : 0,
            detail::sys::calls()};
}

std::string Counters::to_string() const {
    return std::to_string(allocations) + " allocations, " + std::to_string(pool_requests) + " requests of the pool, " +
           std::to_string(wakeups) + " wake-ups, " + std::to_string(system_calls) + " system calls";
}

}  // namespace testing
}  // namespace asyncio
