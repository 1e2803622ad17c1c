// Timers: create one and cancel it while 100,000 others are alive, the way of every timeout that does not strike.
//
// Three ways of it: cancelled at once; the same with absolute deadlines, so that nobody reads the clock; and cancelled
// one iteration of the loop later, as a timeout is that guarded a real wait.

#include <asyncio/asyncio.hpp>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <benchmark/benchmark.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>

namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;
using std::chrono::steady_clock;

constexpr int alive = 100'000;
// Timers that are created and cancelled before the loop runs once to collect what cancelling left behind.
constexpr int batch = 100;

/// Deadlines between one and two hours from now, spread evenly and in no order: the same sequence for everybody.
class Delays {
public:
    nanoseconds next() {
        state_ = state_ * 6364136223846793005U + 1442695040888963407U;
        return 1h + nanoseconds((state_ >> 33) * 1676);
    }

private:
    std::uint64_t state_ = 1;
};

/// Our loop with its 100,000 timers.
class OurTimers {
public:
    OurTimers() {
        for (int i = 0; i < alive; ++i) loop.call_later(delays.next(), [] {});
    }
    ~OurTimers() { loop.close(); }

    void run_once() {
        loop.call_soon([this] { loop.stop(); });
        loop.run_forever();
    }

    asyncio::EventLoop loop;
    Delays delays;
};

/// Asio's.
class AsioTimers {
public:
    using Executor = asio::io_context::executor_type;
    using Timer = asio::basic_waitable_timer<steady_clock, asio::wait_traits<steady_clock>, Executor>;

    AsioTimers() {
        for (int i = 0; i < alive; ++i) timers.emplace_back(executor(), delays.next()).async_wait(ignore);
    }
    Executor executor() { return context.get_executor(); }
    static void ignore(const std::error_code&) {}

    asio::io_context context{1};
    Delays delays;
    std::deque<Timer> timers;
};

void timer_asyncio(benchmark::State& state) {
    OurTimers timers;
    for (auto _ : state) {
        for (int i = 0; i < batch; ++i) timers.loop.call_later(timers.delays.next(), [] {}).cancel();
        timers.run_once();
    }
    state.SetItemsProcessed(state.iterations() * batch);
}
BENCHMARK(timer_asyncio);

void timer_asio(benchmark::State& state) {
    AsioTimers timers;
    for (auto _ : state) {
        for (int i = 0; i < batch; ++i) {
            AsioTimers::Timer timer(timers.executor(), timers.delays.next());
            timer.async_wait(AsioTimers::ignore);
            timer.cancel();
        }
        timers.context.poll();
    }
    state.SetItemsProcessed(state.iterations() * batch);
}
BENCHMARK(timer_asio);

void timer_at_asyncio(benchmark::State& state) {
    OurTimers timers;
    const auto now = timers.loop.time();
    for (auto _ : state) {
        for (int i = 0; i < batch; ++i) timers.loop.call_at(now + timers.delays.next(), [] {}).cancel();
        timers.run_once();
    }
    state.SetItemsProcessed(state.iterations() * batch);
}
BENCHMARK(timer_at_asyncio);

void timer_at_asio(benchmark::State& state) {
    AsioTimers timers;
    const auto now = steady_clock::now();
    for (auto _ : state) {
        for (int i = 0; i < batch; ++i) {
            AsioTimers::Timer timer(timers.executor(), now + timers.delays.next());
            timer.async_wait(AsioTimers::ignore);
            timer.cancel();
        }
        timers.context.poll();
    }
    state.SetItemsProcessed(state.iterations() * batch);
}
BENCHMARK(timer_at_asio);

void timer_later_asyncio(benchmark::State& state) {
    OurTimers timers;
    std::array<asyncio::TimerHandle, batch> handles;
    for (auto _ : state) {
        for (auto& handle : handles) handle = timers.loop.call_later(timers.delays.next(), [] {});
        timers.run_once();
        for (auto& handle : handles) handle.cancel();
        timers.run_once();
    }
    state.SetItemsProcessed(state.iterations() * batch);
}
BENCHMARK(timer_later_asyncio);

void timer_later_asio(benchmark::State& state) {
    AsioTimers timers;
    std::array<std::optional<AsioTimers::Timer>, batch> handles;
    for (auto _ : state) {
        for (auto& handle : handles) {
            handle.emplace(timers.executor(), timers.delays.next());
            handle->async_wait(AsioTimers::ignore);
        }
        timers.context.poll();
        for (auto& handle : handles) handle->cancel();
        timers.context.poll();
    }
    state.SetItemsProcessed(state.iterations() * batch);
}
BENCHMARK(timer_later_asio);

}  // namespace
