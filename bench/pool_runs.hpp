#pragma once

#include "turn_around.hpp"

#include <asyncio/asyncio.hpp>

#include <benchmark/benchmark.h>

#include <deque>
#include <string>

/// How pool_bench and process_bench run them: one at a time, and 50 in flight.
namespace turn_around {

inline constexpr int jobs = 10'000;

/// Has the threads or processes started, as the peers do before they measure.
template <class Pool, class Function>
asyncio::Coro<> warm_up(Pool& pool, Function function) {
    asyncio::EventLoop& loop = asyncio::get_running_loop();
    std::deque<asyncio::Future<std::string>> flying;
    for (int i = 0; i < 100; ++i) flying.push_back(loop.run_in_executor(pool, function, std::string(payload, 'x')));
    for (const auto& future : flying) co_await future;
}

/// `function` is the job, as the pool takes it.
template <class Pool, class Function>
asyncio::Coro<> one_at_a_time(benchmark::State& state, Pool& pool, Function function) {
    asyncio::EventLoop& loop = asyncio::get_running_loop();
    const std::string text(payload, 'x');
    co_await warm_up(pool, function);
    for (auto _ : state) {
        std::string result = co_await loop.run_in_executor(pool, function, text);
        benchmark::DoNotOptimize(result);
    }
    state.SetItemsProcessed(state.iterations());
}

template <class Pool, class Function>
asyncio::Coro<> many_in_flight(benchmark::State& state, Pool& pool, Function function) {
    asyncio::EventLoop& loop = asyncio::get_running_loop();
    const std::string text(payload, 'x');
    std::deque<asyncio::Future<std::string>> flying;
    co_await warm_up(pool, function);
    for (auto _ : state) {
        if (flying.size() == in_flight) {
            std::string result = co_await flying.front();
            benchmark::DoNotOptimize(result);
            flying.pop_front();
        }
        flying.push_back(loop.run_in_executor(pool, function, text));
    }
    for (const auto& future : flying) co_await future;
    state.SetItemsProcessed(state.iterations());
}

}  // namespace turn_around
