#pragma once

#include <asyncio/loop/driver/simulated.hpp>
#include <asyncio/loop/event_loop.hpp>
#include <asyncio/task/create_task.hpp>
#include <asyncio/task/future.hpp>

#include <memory>
#include <utility>

namespace asyncio::testing {

/// Runs a coroutine, or a callable that returns one, on a new loop with a virtual clock and in-memory sockets (see
/// SimulatedDriver); returns its result or throws its exception. Sleeps take no real time: whenever every task is
/// blocked, the clock jumps to the next timer. Timers of the same instant run in the order in which they were set.
///
///     asyncio::testing::run_virtual([]() -> asyncio::Coro<> { co_await asyncio::sleep(1h); });
///
/// `{.seed = n}` varies whatever asyncio does not promise; run a test under many seeds to find what relies on luck.
/// Throws RuntimeError, naming the blocked tasks, when nothing can ever happen any more.
template <class Main>
auto run_virtual(Main&& main, const SimulatedOptions& options = {}) {
    EventLoop loop(std::make_unique<SimulatedDriver>(options));
    auto task = loop.create_task(std::forward<Main>(main));
    task.add_done_callback([&loop](const auto&) { loop.stop(); });
    loop.run_forever();
    loop.close();
    return std::move(task).result();
}

}  // namespace asyncio::testing
