// Many at once: gather, TaskGroup, wait, as_completed, and the timeout around an await.

#include "peers/asio_types.hpp"

#include <asyncio/asyncio.hpp>

#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <vector>

namespace {

using namespace std::chrono_literals;

[[gnu::noinline]] asyncio::Coro<int> child(int n) {
    co_return n + 1;
}
std::vector<asyncio::Coro<int>> children(long count) {
    std::vector<asyncio::Coro<int>> all;
    all.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) all.push_back(child(i));
    return all;
}

// --- gather ---

asyncio::Coro<> gather_children(benchmark::State& state) {
    for (auto _ : state) {
        auto all = children(state.range(0));
        const std::vector<int> results = co_await asyncio::gather(std::move(all));
        benchmark::DoNotOptimize(results.data());
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}
void gather_asyncio(benchmark::State& state) {
    asyncio::run(gather_children(state));
}
BENCHMARK(gather_asyncio)->Arg(10)->Arg(1000);

[[gnu::noinline]] peer::Awaitable<int> asio_child(int n) {
    co_return n + 1;
}
/// Asio 1.22 gathers a number of coroutines that is known at compile time only; for others one counts by hand, and a
/// timer is the signal that all have ended.
peer::Awaitable<void> join_children(benchmark::State& state) {
    using Timer = asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>,
                                             peer::Executor>;
    const peer::Executor executor = co_await asio::this_coro::executor;
    const auto count = static_cast<std::size_t>(state.range(0));
    for (auto _ : state) {
        std::vector<int> results(count);
        std::size_t missing = count;
        Timer all_done(executor, Timer::time_point::max());
        for (std::size_t i = 0; i < count; ++i) {
            asio::co_spawn(executor, asio_child(static_cast<int>(i)), [&, i](std::exception_ptr, int result) {
                results[i] = result;
                if (--missing == 0) all_done.cancel();
            });
        }
        asio::error_code cancelled;
        co_await all_done.async_wait(asio::redirect_error(peer::use_awaitable, cancelled));
        benchmark::DoNotOptimize(results.data());
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}
void gather_asio(benchmark::State& state) {
    peer::run(join_children(state));
}
BENCHMARK(gather_asio)->Arg(10)->Arg(1000);

// --- TaskGroup ---

asyncio::Coro<> group_children(benchmark::State& state) {
    for (auto _ : state) {
        co_await asyncio::async_with(asyncio::TaskGroup{}, [&](asyncio::TaskGroup& group) -> asyncio::Coro<> {
            for (int i = 0; i < state.range(0); ++i) group.create_task(child(i));
            co_return;
        });
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}
void task_group_asyncio(benchmark::State& state) {
    asyncio::run(group_children(state));
}
BENCHMARK(task_group_asyncio)->Arg(1000);

// --- wait, as_completed ---

std::vector<asyncio::Future<int>> pending_futures(long count) {
    asyncio::EventLoop& loop = asyncio::get_running_loop();
    std::vector<asyncio::Future<int>> futures;
    for (long i = 0; i < count; ++i) futures.push_back(loop.create_future<int>());
    return futures;
}

/// Waits for the first of all again and again, until none is left. An item is one future looked at by one wait, so an
/// implementation whose waits leave something behind gets dearer with the number of futures.
asyncio::Coro<> wait_for_each(benchmark::State& state) {
    const long count = state.range(0);
    for (auto _ : state) {
        std::vector<asyncio::Future<int>> futures = pending_futures(count);
        while (!futures.empty()) {
            futures.front().set_result(1);
            auto result = co_await asyncio::wait(futures, {.return_when = asyncio::FIRST_COMPLETED});
            futures = std::move(result.pending);
        }
    }
    state.SetItemsProcessed(state.iterations() * count * (count + 1) / 2);
}
void wait_first_asyncio(benchmark::State& state) {
    asyncio::run(wait_for_each(state));
}
BENCHMARK(wait_first_asyncio)->Arg(100)->Arg(1000);

asyncio::Coro<> take_as_completed(benchmark::State& state) {
    const long count = state.range(0);
    for (auto _ : state) {
        auto all = children(count);
        auto iterator = asyncio::as_completed(std::move(all));
        int sum = 0;
        while (auto next = co_await iterator.next()) sum += next->result();
        benchmark::DoNotOptimize(sum);
    }
    state.SetItemsProcessed(state.iterations() * count);
}
void as_completed_asyncio(benchmark::State& state) {
    asyncio::run(take_as_completed(state));
}
BENCHMARK(as_completed_asyncio)->Arg(100)->Arg(10'000);

// --- timeout ---

asyncio::Coro<> time_limited(benchmark::State& state) {
    int n = 0;
    for (auto _ : state) {
        co_await asyncio::async_with(asyncio::timeout(1h),
                                     [&](asyncio::Timeout&) -> asyncio::Coro<> { n = co_await child(n); });
    }
    benchmark::DoNotOptimize(n);
    state.SetItemsProcessed(state.iterations());
}
void timeout_asyncio(benchmark::State& state) {
    asyncio::run(time_limited(state));
}
BENCHMARK(timeout_asyncio);

void set_and_cancel_two(asyncio::EventLoop& loop) {
    for (int i = 0; i < 2; ++i) loop.call_later(1h, [] {}).cancel();
}

/// What two timers would add to the same body.
asyncio::Coro<> awaited_and_two_timers(benchmark::State& state) {
    asyncio::EventLoop& loop = asyncio::get_running_loop();
    int n = 0;
    const auto body = [&]() -> asyncio::Coro<> { n = co_await child(n); };
    for (auto _ : state) {
        set_and_cancel_two(loop);
        co_await body();
    }
    benchmark::DoNotOptimize(n);
    state.SetItemsProcessed(state.iterations());
}
void body_and_two_timers(benchmark::State& state) {
    asyncio::run(awaited_and_two_timers(state));
}
BENCHMARK(body_and_two_timers);

asyncio::Coro<> wait_for_child(benchmark::State& state) {
    int n = 0;
    for (auto _ : state) n = co_await asyncio::wait_for(child(n), 1h);
    benchmark::DoNotOptimize(n);
    state.SetItemsProcessed(state.iterations());
}
void wait_for_asyncio(benchmark::State& state) {
    asyncio::run(wait_for_child(state));
}
BENCHMARK(wait_for_asyncio);

/// What two timers would add to the same child.
asyncio::Coro<> awaited_child_and_two_timers(benchmark::State& state) {
    asyncio::EventLoop& loop = asyncio::get_running_loop();
    int n = 0;
    for (auto _ : state) {
        set_and_cancel_two(loop);
        n = co_await child(n);
    }
    benchmark::DoNotOptimize(n);
    state.SetItemsProcessed(state.iterations());
}
void child_and_two_timers(benchmark::State& state) {
    asyncio::run(awaited_child_and_two_timers(state));
}
BENCHMARK(child_and_two_timers);

/// What a timeout cannot do without.
asyncio::Coro<> set_and_cancel(benchmark::State& state) {
    asyncio::EventLoop& loop = asyncio::get_running_loop();
    for (auto _ : state) loop.call_later(1h, [] {}).cancel();
    state.SetItemsProcessed(state.iterations());
    co_return;
}
void timer_alone(benchmark::State& state) {
    asyncio::run(set_and_cancel(state));
}
BENCHMARK(timer_alone);

}  // namespace
