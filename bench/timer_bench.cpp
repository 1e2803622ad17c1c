// Timers: create one and cancel it while 100,000 others are alive, the way of every timeout that does not strike.

#include <asyncio/asyncio.hpp>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <vector>

namespace {

using namespace std::chrono_literals;

constexpr int alive = 100'000;
// Timers that are created and cancelled before the loop runs once to collect what cancelling left behind.
constexpr int batch = 100;

/// Deadlines between one and two hours from now, spread evenly and in no order: the same sequence for everybody.
class Delays {
public:
    std::chrono::nanoseconds next() {
        state_ = state_ * 6364136223846793005U + 1442695040888963407U;
        return 1h + std::chrono::nanoseconds((state_ >> 33) * 1676);
    }

private:
    std::uint64_t state_ = 1;
};

void timer_asyncio(benchmark::State& state) {
    asyncio::EventLoop loop;
    Delays delays;
    for (int i = 0; i < alive; ++i) loop.call_later(delays.next(), [] {});
    for (auto _ : state) {
        for (int i = 0; i < batch; ++i) loop.call_later(delays.next(), [] {}).cancel();
        loop.call_soon([&loop] { loop.stop(); });
        loop.run_forever();
    }
    loop.close();
    state.SetItemsProcessed(state.iterations() * batch);
}
BENCHMARK(timer_asyncio);

void timer_asio(benchmark::State& state) {
    using Executor = asio::io_context::executor_type;
    using Timer =
        asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, Executor>;
    asio::io_context context(1);
    Delays delays;
    std::deque<Timer> timers;
    for (int i = 0; i < alive; ++i) {
        timers.emplace_back(context.get_executor(), delays.next()).async_wait([](const std::error_code&) {});
    }
    for (auto _ : state) {
        for (int i = 0; i < batch; ++i) {
            Timer timer(context.get_executor(), delays.next());
            timer.async_wait([](const std::error_code&) {});
            timer.cancel();
        }
        context.poll();
    }
    state.SetItemsProcessed(state.iterations() * batch);
}
BENCHMARK(timer_asio);

}  // namespace
