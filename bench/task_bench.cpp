// The cost of a task: create it and await its result.

#include "peers/asio_types.hpp"

#include <asyncio/asyncio.hpp>

#include <asio/detached.hpp>
#include <benchmark/benchmark.h>

namespace {

[[gnu::noinline]] asyncio::Coro<int> asyncio_child(int n) {
    co_return n + 1;
}
[[gnu::noinline]] peer::Awaitable<int> asio_child(int n) {
    co_return n + 1;
}

asyncio::Coro<> create_and_await(benchmark::State& state) {
    int n = 0;
    for (auto _ : state) n = co_await asyncio::create_task(asyncio_child(n));
    benchmark::DoNotOptimize(n);
    state.SetItemsProcessed(state.iterations());
}

void task_asyncio(benchmark::State& state) {
    asyncio::run(create_and_await(state));
}
BENCHMARK(task_asyncio);

peer::Awaitable<void> spawn_and_await(benchmark::State& state) {
    asio::io_context& context = (co_await asio::this_coro::executor).context();
    int n = 0;
    for (auto _ : state) n = co_await asio::co_spawn(context.get_executor(), asio_child(n), peer::use_awaitable);
    benchmark::DoNotOptimize(n);
    state.SetItemsProcessed(state.iterations());
}

void task_asio_awaitable(benchmark::State& state) {
    peer::run(spawn_and_await(state));
}
BENCHMARK(task_asio_awaitable);

/// As Asio's documentation writes it: awaitable<int>, whose executor is the type-erased any_io_executor.
[[gnu::noinline]] asio::awaitable<int> asio_default_child(int n) {
    co_return n + 1;
}

asio::awaitable<void> spawn_and_await_by_default(benchmark::State& state) {
    const auto executor = co_await asio::this_coro::executor;
    int n = 0;
    for (auto _ : state) n = co_await asio::co_spawn(executor, asio_default_child(n), asio::use_awaitable);
    benchmark::DoNotOptimize(n);
    state.SetItemsProcessed(state.iterations());
}

void task_asio_default(benchmark::State& state) {
    asio::io_context context(1);
    asio::co_spawn(context, spawn_and_await_by_default(state), asio::detached);
    context.run();
}
BENCHMARK(task_asio_default);

/// The completion that costs Asio least: a plain function object, and nobody awaits. The loop runs until it was called.
void task_asio_callback(benchmark::State& state) {
    asio::io_context context(1);
    int n = 0;
    for (auto _ : state) {
        asio::co_spawn(context.get_executor(), asio_child(n), [&n](std::exception_ptr, int result) { n = result; });
        context.restart();
        context.run();
    }
    benchmark::DoNotOptimize(n);
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(task_asio_callback);

}  // namespace
