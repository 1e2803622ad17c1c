// Cancelling a suspended task, against a C++ throw and catch through the same number of frames: what a cancellation
// costs beyond that is ours.

#include <asyncio/asyncio.hpp>

#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdint>
#include <vector>

namespace {

using namespace std::chrono_literals;
using std::chrono::duration;
using std::chrono::steady_clock;

constexpr int batch = 200;

[[gnu::noinline]] asyncio::Coro<> wait_deep(long depth) {
    if (depth > 1) {
        co_await wait_deep(depth - 1);
    } else {
        co_await asyncio::sleep(1h);
    }
}

/// From cancel() to the end of the task, for tasks that are suspended `depth` coroutines deep.
asyncio::Coro<> cancel_tasks(benchmark::State& state) {
    std::vector<asyncio::Task<void>> tasks;
    for (auto _ : state) {
        for (int i = 0; i < batch; ++i) tasks.push_back(asyncio::create_task(wait_deep(state.range(0))));
        co_await asyncio::sleep(0s);
        const auto begin = steady_clock::now();
        for (auto& task : tasks) task.cancel();
        co_await asyncio::sleep(0s);
        state.SetIterationTime(duration<double>(steady_clock::now() - begin).count());
        for (const auto& task : tasks) {
            if (!task.cancelled()) state.SkipWithError("a task was not cancelled");
        }
        tasks.clear();
    }
    state.SetItemsProcessed(state.iterations() * batch);
}

void cancel_asyncio(benchmark::State& state) {
    asyncio::run(cancel_tasks(state));
}
BENCHMARK(cancel_asyncio)->Arg(1)->Arg(10)->UseManualTime();

std::uint64_t destroyed = 0;
/// What a coroutine's frame has at the least: something to destroy.
struct Local {
    ~Local() { ++destroyed; }
};

[[gnu::noinline]] void throw_deep(long depth) {
    const Local local;
    if (depth <= 1) throw asyncio::CancelledError();
    throw_deep(depth - 1);
}

void throw_and_catch(benchmark::State& state) {
    for (auto _ : state) {
        const auto begin = steady_clock::now();
        for (int i = 0; i < batch; ++i) {
            try {
                throw_deep(state.range(0));
            } catch (const asyncio::CancelledError& error) {
                benchmark::DoNotOptimize(&error);
            }
        }
        state.SetIterationTime(duration<double>(steady_clock::now() - begin).count());
    }
    state.SetItemsProcessed(state.iterations() * batch);
}
BENCHMARK(throw_and_catch)->Arg(1)->Arg(10)->UseManualTime();

}  // namespace
