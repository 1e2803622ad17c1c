// The cost of a task: create it and await its result.

#include "peers/asio_types.hpp"

#include <asyncio/asyncio.hpp>

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
