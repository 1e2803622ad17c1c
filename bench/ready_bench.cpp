// The ready queue: call_soon against Asio's post, and a task that gives way with sleep(0).

#include <asyncio/asyncio.hpp>

#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <benchmark/benchmark.h>

#include <cstdint>

namespace {

using namespace std::chrono_literals;

// Callbacks that are queued before the loop runs them all.
constexpr int batch = 1000;

void call_soon_asyncio(benchmark::State& state) {
    asyncio::EventLoop loop;
    std::uint64_t calls = 0;
    for (auto _ : state) {
        for (int i = 0; i < batch; ++i) loop.call_soon([&calls] { ++calls; });
        loop.call_soon([&loop] { loop.stop(); });
        loop.run_forever();
    }
    loop.close();
    if (calls != static_cast<std::uint64_t>(state.iterations()) * batch) state.SkipWithError("a call was lost");
    state.SetItemsProcessed(state.iterations() * batch);
}
BENCHMARK(call_soon_asyncio);

void call_soon_asio(benchmark::State& state) {
    asio::io_context context(1);
    std::uint64_t calls = 0;
    for (auto _ : state) {
        for (int i = 0; i < batch; ++i) asio::post(context.get_executor(), [&calls] { ++calls; });
        context.restart();
        context.run();
    }
    if (calls != static_cast<std::uint64_t>(state.iterations()) * batch) state.SkipWithError("a call was lost");
    state.SetItemsProcessed(state.iterations() * batch);
}
BENCHMARK(call_soon_asio);

asyncio::Coro<> yield_repeatedly(benchmark::State& state) {
    for (auto _ : state) co_await asyncio::sleep(0s);
    state.SetItemsProcessed(state.iterations());
}

/// One task alone: each sleep(0) is a whole iteration of the loop, the dearest case.
void sleep_zero_asyncio(benchmark::State& state) {
    asyncio::run(yield_repeatedly(state));
}
BENCHMARK(sleep_zero_asyncio);

}  // namespace
