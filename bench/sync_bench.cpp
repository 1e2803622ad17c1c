// Locks and queues: alone, and handed to and fro between two tasks; against our call_soon, Asio's channel and the
// standard library's priority queue. Go's channels and CPython's asyncio are measured by peers/sync_peers.py.

#include "peers/asio_types.hpp"

#include <asyncio/asyncio.hpp>

#include <asio/experimental/channel.hpp>
#include <benchmark/benchmark.h>

#include <cstdint>
#include <functional>
#include <queue>
#include <random>
#include <vector>

namespace {

using namespace std::chrono_literals;

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
    benchmark::DoNotOptimize(calls);
    state.SetItemsProcessed(state.iterations() * batch);
}
BENCHMARK(call_soon_asyncio);

asyncio::Coro<> lock_and_unlock(benchmark::State& state) {
    asyncio::Lock lock;
    for (auto _ : state) {
        co_await lock.acquire();
        lock.release();
    }
    state.SetItemsProcessed(state.iterations());
}
void lock_free(benchmark::State& state) {
    asyncio::run(lock_and_unlock(state));
}
BENCHMARK(lock_free);

asyncio::Coro<> guard_and_drop(benchmark::State& state) {
    asyncio::Lock lock;
    for (auto _ : state) auto guard = co_await lock.guard();
    state.SetItemsProcessed(state.iterations());
}
void lock_guard_free(benchmark::State& state) {
    asyncio::run(guard_and_drop(state));
}
BENCHMARK(lock_guard_free);

/// Each acquire finds the lock held by the other task: one item is one hand-over.
asyncio::Coro<> hand_over(asyncio::Lock& lock) {
    for (int i = 0; i < batch; ++i) {
        co_await lock.acquire();
        lock.release();
    }
}
asyncio::Coro<> hand_over_between_two(benchmark::State& state) {
    asyncio::Lock lock;
    for (auto _ : state) {
        co_await lock.acquire();
        auto a = asyncio::create_task(hand_over(lock));
        auto b = asyncio::create_task(hand_over(lock));
        co_await asyncio::sleep(0s);
        lock.release();
        co_await a;
        co_await b;
    }
    if (lock.statistics().waiters.waits < static_cast<std::uint64_t>(state.iterations()) * batch)
        state.SkipWithError("the lock was not contended");
    state.SetItemsProcessed(state.iterations() * 2 * batch);
}
void lock_hand_over(benchmark::State& state) {
    asyncio::run(hand_over_between_two(state));
}
BENCHMARK(lock_hand_over);

asyncio::Coro<> produce(asyncio::Queue<int>& queue) {
    for (int i = 0; i < batch * 10; ++i) co_await queue.put(i);
}
asyncio::Coro<> pass_items(benchmark::State& state) {
    asyncio::Queue<int> queue(state.range(0));
    for (auto _ : state) {
        auto producer = asyncio::create_task(produce(queue));
        int sum = 0;
        for (int i = 0; i < batch * 10; ++i) sum += co_await queue.get();
        benchmark::DoNotOptimize(sum);
        co_await producer;
    }
    state.SetItemsProcessed(state.iterations() * batch * 10);
}
void queue_items(benchmark::State& state) {
    asyncio::run(pass_items(state));
}
BENCHMARK(queue_items)->Arg(1)->Arg(1024);

using Channel = asio::experimental::channel<peer::Executor, void(asio::error_code, int)>;
peer::Awaitable<void> asio_produce(Channel& channel) {
    for (int i = 0; i < batch * 10; ++i) co_await channel.async_send(asio::error_code(), i, peer::use_awaitable);
}
peer::Awaitable<void> asio_pass_items(benchmark::State& state) {
    const auto executor = co_await asio::this_coro::executor;
    Channel channel(executor, static_cast<std::size_t>(state.range(0)));
    for (auto _ : state) {
        asio::co_spawn(executor, asio_produce(channel), [](std::exception_ptr) {});
        int sum = 0;
        for (int i = 0; i < batch * 10; ++i) sum += co_await channel.async_receive(peer::use_awaitable);
        benchmark::DoNotOptimize(sum);
    }
    state.SetItemsProcessed(state.iterations() * batch * 10);
}
void channel_asio(benchmark::State& state) {
    peer::run(asio_pass_items(state));
}
BENCHMARK(channel_asio)->Arg(1)->Arg(1024);

/// So many tasks that wait for one event, woken: per task.
asyncio::Coro<> wake_waiters(benchmark::State& state) {
    asyncio::Event event;
    const auto wait = [&]() -> asyncio::Coro<> {
        while (true) co_await event.wait();
    };
    std::vector<asyncio::Task<void>> tasks;
    for (std::int64_t i = 0; i < state.range(0); ++i) tasks.push_back(asyncio::create_task(wait()));
    co_await asyncio::sleep(0s);
    for (auto _ : state) {
        event.set();
        event.clear();
        co_await asyncio::sleep(0s);
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
    for (auto& task : tasks) task.cancel();
    co_await asyncio::sleep(0s);
}
void event_wake(benchmark::State& state) {
    asyncio::run(wake_waiters(state));
}
BENCHMARK(event_wake)->Arg(1000)->Arg(100'000);

constexpr int many = 1'000'000;

/// A full heap of a million random numbers: one put and one get.
template <class Put, class Take>
void priority(benchmark::State& state, Put put, Take take) {
    std::mt19937 random(1);
    for (int i = 0; i < many; ++i) put(static_cast<int>(random()));
    for (auto _ : state) {
        for (int i = 0; i < batch; ++i) {
            put(static_cast<int>(random()));
            benchmark::DoNotOptimize(take());
        }
    }
    state.SetItemsProcessed(state.iterations() * batch);
}
void priority_asyncio(benchmark::State& state) {
    asyncio::PriorityQueue<int> queue;
    priority(state, [&](int item) { queue.put_nowait(item); }, [&] { return queue.get_nowait(); });
}
BENCHMARK(priority_asyncio);

void priority_std(benchmark::State& state) {
    std::priority_queue<int, std::vector<int>, std::greater<>> queue;
    priority(
        state, [&](int item) { queue.push(item); },
        [&] {
            const int item = queue.top();
            queue.pop();
            return item;
        });
}
BENCHMARK(priority_std);

}  // namespace
