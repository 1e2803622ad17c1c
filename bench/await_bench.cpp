// The cost of co_await: of a child that returns at once, and of each level of a chain a thousand calls deep.

#include "peers/asio_types.hpp"
#include "peers/minimal_coroutine.hpp"

#include <asyncio/asyncio.hpp>

#include <benchmark/benchmark.h>

namespace {

// How many awaits one step of the benchmark's own counter covers, so that the counter does not show.
constexpr int batch = 1000;
constexpr int depth = 1000;

// Children are not inlined: a compiler that sees through one would leave out the frame, and with it what is measured.

[[gnu::noinline]] minimal::Coroutine<int> minimal_child(int n) {
    co_return n + 1;
}
[[gnu::noinline]] asyncio::Coro<int> asyncio_child(int n) {
    co_return n + 1;
}
[[gnu::noinline]] peer::Awaitable<int> asio_child(int n) {
    co_return n + 1;
}

minimal::Coroutine<int> minimal_awaits(int times) {
    int n = 0;
    for (int i = 0; i < times; ++i) n = co_await minimal_child(n);
    co_return n;
}

asyncio::Coro<int> asyncio_awaits(int times) {
    int n = 0;
    for (int i = 0; i < times; ++i) n = co_await asyncio_child(n);
    co_return n;
}

peer::Awaitable<int> asio_awaits(int times) {
    int n = 0;
    for (int i = 0; i < times; ++i) n = co_await asio_child(n);
    co_return n;
}

[[gnu::noinline]] minimal::Coroutine<int> minimal_chain(int levels) {
    if (levels == 0) co_return 0;
    co_return 1 + co_await minimal_chain(levels - 1);
}

[[gnu::noinline]] asyncio::Coro<int> asyncio_chain(int levels) {
    if (levels == 0) co_return 0;
    co_return 1 + co_await asyncio_chain(levels - 1);
}

[[gnu::noinline]] peer::Awaitable<int> asio_chain(int levels) {
    if (levels == 0) co_return 0;
    co_return 1 + co_await asio_chain(levels - 1);
}

template <class Make>
void run_minimal(benchmark::State& state, Make make, int items) {
    for (auto _ : state) benchmark::DoNotOptimize(make(items).run());
    state.SetItemsProcessed(state.iterations() * items);
}

template <class Make>
asyncio::Coro<> run_asyncio(benchmark::State& state, Make make, int items) {
    for (auto _ : state) benchmark::DoNotOptimize(co_await make(items));
    state.SetItemsProcessed(state.iterations() * items);
}

template <class Make>
peer::Awaitable<void> run_asio(benchmark::State& state, Make make, int items) {
    for (auto _ : state) benchmark::DoNotOptimize(co_await make(items));
    state.SetItemsProcessed(state.iterations() * items);
}

void await_minimal(benchmark::State& state) {
    run_minimal(state, minimal_awaits, batch);
}
void await_asyncio(benchmark::State& state) {
    asyncio::run(run_asyncio(state, asyncio_awaits, batch));
}
void await_asio(benchmark::State& state) {
    peer::run(run_asio(state, asio_awaits, batch));
}
BENCHMARK(await_minimal);
BENCHMARK(await_asyncio);
BENCHMARK(await_asio);

void chain_minimal(benchmark::State& state) {
    run_minimal(state, minimal_chain, depth);
}
void chain_asyncio(benchmark::State& state) {
    asyncio::run(run_asyncio(state, asyncio_chain, depth));
}
void chain_asio(benchmark::State& state) {
    peer::run(run_asio(state, asio_chain, depth));
}
BENCHMARK(chain_minimal);
BENCHMARK(chain_asyncio);
BENCHMARK(chain_asio);

}  // namespace
