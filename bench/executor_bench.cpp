// The round trip of an empty job through one thread, awaited: one at a time, and 1000 in flight.

#include "peers/asio_types.hpp"

#include <asyncio/asyncio.hpp>

#include <asio/async_result.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>
#include <asio/thread_pool.hpp>
#include <benchmark/benchmark.h>

#include <utility>
#include <vector>

namespace {

constexpr int in_flight = 1000;

void empty_job() {}

asyncio::Coro<> one_at_a_time(benchmark::State& state) {
    asyncio::futures::ThreadPoolExecutor pool({.max_workers = 1});
    asyncio::EventLoop& loop = asyncio::get_running_loop();
    for (auto _ : state) co_await loop.run_in_executor(pool, empty_job);
    state.SetItemsProcessed(state.iterations());
}

void executor_asyncio(benchmark::State& state) {
    asyncio::run(one_at_a_time(state));
}
BENCHMARK(executor_asyncio)->UseRealTime();

asyncio::Coro<> many_in_flight(benchmark::State& state) {
    asyncio::futures::ThreadPoolExecutor pool({.max_workers = 1});
    asyncio::EventLoop& loop = asyncio::get_running_loop();
    std::vector<asyncio::Future<void>> jobs;
    jobs.reserve(in_flight);
    for (auto _ : state) {
        for (int i = 0; i < in_flight; ++i) jobs.push_back(loop.run_in_executor(pool, empty_job));
        for (const auto& job : jobs) co_await job;
        jobs.clear();
    }
    state.SetItemsProcessed(state.iterations() * in_flight);
}

void executor_many_asyncio(benchmark::State& state) {
    asyncio::run(many_in_flight(state));
}
BENCHMARK(executor_many_asyncio)->UseRealTime();

/// A coroutine on the pool, whose completion is posted back to the io_context.
asio::awaitable<void> asio_job() {
    empty_job();
    co_return;
}

peer::Awaitable<void> asio_one_at_a_time(benchmark::State& state) {
    asio::thread_pool pool(1);
    for (auto _ : state) co_await asio::co_spawn(pool, asio_job(), peer::use_awaitable);
    state.SetItemsProcessed(state.iterations());
}

void executor_asio_spawn(benchmark::State& state) {
    peer::run(asio_one_at_a_time(state));
}
BENCHMARK(executor_asio_spawn)->UseRealTime();

/// Runs the job on the pool and posts the completion back: what costs Asio least.
template <class Token>
auto run_on(asio::thread_pool& pool, asio::io_context& context, Token&& token) {
    return asio::async_initiate<Token, void()>(
        [&](auto handler) {
            asio::post(pool, [&context, work = asio::make_work_guard(context), handler = std::move(handler)]() mutable {
                empty_job();
                asio::post(context, std::move(handler));
            });
        },
        token);
}

peer::Awaitable<void> asio_post_one_at_a_time(benchmark::State& state) {
    asio::io_context& context = (co_await asio::this_coro::executor).context();
    asio::thread_pool pool(1);
    for (auto _ : state) co_await run_on(pool, context, peer::use_awaitable);
    state.SetItemsProcessed(state.iterations());
}

void executor_asio_post(benchmark::State& state) {
    peer::run(asio_post_one_at_a_time(state));
}
BENCHMARK(executor_asio_post)->UseRealTime();

/// Nobody awaits: a counter is enough.
void executor_many_asio(benchmark::State& state) {
    asio::io_context context(1);
    asio::thread_pool pool(1);
    int done = 0;
    for (auto _ : state) {
        for (int i = 0; i < in_flight; ++i) run_on(pool, context, [&done] { ++done; });
        context.restart();
        context.run();
    }
    benchmark::DoNotOptimize(done);
    state.SetItemsProcessed(state.iterations() * in_flight);
}
BENCHMARK(executor_many_asio)->UseRealTime();

}  // namespace
