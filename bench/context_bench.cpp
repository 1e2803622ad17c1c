// Context variables: reading, setting, and what they add to a task.

#include <asyncio/asyncio.hpp>

#include <benchmark/benchmark.h>

#include <string>
#include <vector>

namespace {

const asyncio::ContextVar<int> variable{"variable", 0};

std::vector<asyncio::ContextVar<int>> make_variables(int count) {
    std::vector<asyncio::ContextVar<int>> variables;
    for (int i = 0; i < count; ++i) variables.emplace_back("v" + std::to_string(i));
    return variables;
}
const std::vector<asyncio::ContextVar<int>> ten = make_variables(10);

/// Runs the body in a context in which the first variables are set.
template <class Body>
void with_variables(long count, Body body) {
    asyncio::Context().run([&] {
        for (long i = 0; i < count; ++i) ten[static_cast<std::size_t>(i)].set(1);
        body();
    });
}

void get_default(benchmark::State& state) {
    for (auto _ : state) benchmark::DoNotOptimize(variable.get());
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(get_default);

void get_set(benchmark::State& state) {
    with_variables(state.range(0), [&] {
        const asyncio::ContextVar<int>& last = ten[static_cast<std::size_t>(state.range(0) - 1)];
        for (auto _ : state) benchmark::DoNotOptimize(last.get());
    });
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(get_set)->Arg(1)->Arg(10);

void set_and_reset(benchmark::State& state) {
    with_variables(state.range(0), [&] {
        for (auto _ : state) variable.reset(variable.set(1));
    });
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(set_and_reset)->Arg(0)->Arg(1)->Arg(10);

[[gnu::noinline]] asyncio::Coro<int> child(int n) {
    co_return n + 1;
}
asyncio::Coro<> create_and_await(benchmark::State& state) {
    int n = 0;
    for (auto _ : state) n = co_await asyncio::create_task(child(n));
    benchmark::DoNotOptimize(n);
}

void create_task(benchmark::State& state) {
    with_variables(state.range(0), [&] { asyncio::run(create_and_await(state)); });
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(create_task)->Arg(0)->Arg(1)->Arg(10);

}  // namespace
