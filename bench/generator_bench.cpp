// The cost of an item: next() of a generator that yields at once, against co_await of a child that returns at once.

#include <asyncio/asyncio.hpp>

#include <benchmark/benchmark.h>

namespace {

// How many items one step of the benchmark's own counter covers, so that the counter does not show.
constexpr int batch = 1000;

// Not inlined: a compiler that sees through one would leave out the frame, and with it what is measured.

[[gnu::noinline]] asyncio::AsyncGenerator<int> numbers() {
    for (int n = 0;; ++n) co_yield n;
}
[[gnu::noinline]] asyncio::Coro<int> child(int n) {
    co_return n + 1;
}

asyncio::Coro<> items(benchmark::State& state) {
    auto generator = numbers();
    for (auto _ : state) {
        for (int i = 0; i < batch; ++i) benchmark::DoNotOptimize(*co_await generator.next());
    }
    state.SetItemsProcessed(state.iterations() * batch);
}

asyncio::Coro<> children(benchmark::State& state) {
    int n = 0;
    for (auto _ : state) {
        for (int i = 0; i < batch; ++i) benchmark::DoNotOptimize(n = co_await child(n));
    }
    state.SetItemsProcessed(state.iterations() * batch);
}

void generator_next(benchmark::State& state) {
    asyncio::run(items(state));
}
void generator_child(benchmark::State& state) {
    asyncio::run(children(state));
}
BENCHMARK(generator_next);
BENCHMARK(generator_child);

}  // namespace
