#pragma once

#include <asyncio/base/standard/memory.hpp>
#include <asyncio/loop/driver/simulated.hpp>
#include <asyncio/loop/event_loop.hpp>
#include <asyncio/task/create_task.hpp>
#include <asyncio/task/run.hpp>

#include <utility>

namespace asyncio::testing {

/// Runs a coroutine, or a callable that returns one, as asyncio::run does, but on a loop with a virtual clock and
/// in-memory sockets (see SimulatedDriver). Sleeps take no real time: whenever every task is blocked, the clock jumps
/// to the next timer. Timers of the same instant run in the order in which they were set.
///
///     asyncio::testing::run_virtual([]() -> asyncio::Coro<> { co_await asyncio::sleep(1h); });
///
/// `{.seed = n}` varies whatever asyncio does not promise; run a test under many seeds to find what relies on luck.
/// Throws RuntimeError, naming the blocked tasks, when nothing can ever happen any more.
template <asyncio::detail::TaskSource Main>
decltype(auto) run_virtual(Main&& main, const SimulatedOptions& options = {}) {
    const auto make_loop = [&options] {
        return std::make_unique<EventLoop>(std::make_unique<SimulatedDriver>(options));
    };
    return asyncio::run(std::forward<Main>(main), {.loop_factory = make_loop});
}

}  // namespace asyncio::testing
