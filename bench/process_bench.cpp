// Jobs of 1 KiB in and out in two worker processes: one at a time, and 50 in flight; against rings in shared memory
// that are written by hand for just this (the limit). CPython's pool: peers/pool_peers.py.

#include "pool_runs.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/executor/process_pool_executor.hpp>

#include <benchmark/benchmark.h>

#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace {

using turn_around::in_flight;
using turn_around::jobs;
using turn_around::payload;
using turn_around::workers;

constexpr asyncio::futures::StartMethod start = asyncio::futures::StartMethod::forkserver;

void process_asyncio(benchmark::State& state) {
    asyncio::futures::ProcessPoolExecutor pool({.max_workers = workers, .start = start});
    asyncio::run(turn_around::one_at_a_time(state, pool, asyncio::remote<&turn_around::job>));
}
BENCHMARK(process_asyncio)->UseRealTime()->Iterations(jobs);

void process_many_asyncio(benchmark::State& state) {
    asyncio::futures::ProcessPoolExecutor pool({.max_workers = workers, .start = start});
    asyncio::run(turn_around::many_in_flight(state, pool, asyncio::remote<&turn_around::job>));
}
BENCHMARK(process_many_asyncio)->UseRealTime()->Iterations(jobs);

// --- the limit ---

/// One producer, one consumer, a few entries, and a word to sleep on.
class HandRing {
public:
    void push(const char* data) {
        while (head_.load(std::memory_order_relaxed) - tail_.load(std::memory_order_acquire) == entries) {
        }
        const std::uint32_t head = head_.load(std::memory_order_relaxed);
        std::memcpy(data_[head % entries].data(), data, payload);
        head_.store(head + 1);
        if (sleeps_.load() != 0) ::syscall(SYS_futex, &head_, FUTEX_WAKE, 1, nullptr, nullptr, 0);
    }
    [[nodiscard]] bool try_pop(char* data) {
        const std::uint32_t tail = tail_.load(std::memory_order_relaxed);
        if (head_.load(std::memory_order_acquire) == tail) return false;
        std::memcpy(data, data_[tail % entries].data(), payload);
        tail_.store(tail + 1, std::memory_order_release);
        return true;
    }
    void pop(char* data) {
        for (int i = 0; i < 1000; ++i) {
            if (try_pop(data)) return;
            __builtin_ia32_pause();
        }
        while (!try_pop(data)) {
            const std::uint32_t tail = tail_.load(std::memory_order_relaxed);
            sleeps_.store(1);
            if (head_.load() == tail) ::syscall(SYS_futex, &head_, FUTEX_WAIT, tail, nullptr, nullptr, 0);
            sleeps_.store(0);
        }
    }

private:
    static constexpr std::uint32_t entries = 64;
    alignas(64) std::atomic<std::uint32_t> head_{0};
    alignas(64) std::atomic<std::uint32_t> tail_{0};
    alignas(64) std::atomic<std::uint32_t> sleeps_{0};
    std::array<std::array<char, payload>, entries> data_{};
};

struct HandPair {
    HandRing requests;
    HandRing replies;
};

/// Two processes at the ends of a pair of rings each, made before this one has a thread.
class HandWorkers {
public:
    HandWorkers() {
        for (int i = 0; i < workers; ++i) {
            void* const memory =
                ::mmap(nullptr, sizeof(HandPair), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
            pairs.push_back(new (memory) HandPair);
            if (::fork() == 0) serve(*pairs.back());
        }
    }

    std::vector<HandPair*> pairs;

private:
    [[noreturn]] static void serve(HandPair& pair) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        std::string text(payload, ' ');
        while (true) {
            pair.requests.pop(text.data());
            std::swap(text.front(), text.back());
            pair.replies.push(text.data());
        }
    }
};

HandWorkers& hand_workers() {
    static HandWorkers instance;
    return instance;
}

void process_ring(benchmark::State& state) {
    HandPair& pair = *hand_workers().pairs.front();
    std::string text(payload, 'x');
    for (auto _ : state) {
        pair.requests.push(text.data());
        pair.replies.pop(text.data());
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(process_ring)->UseRealTime()->Iterations(jobs);

void process_many_ring(benchmark::State& state) {
    std::string text(payload, 'x');
    std::uint64_t sent = 0;
    std::uint64_t received = 0;
    const auto pair = [](std::uint64_t number) -> HandPair& { return *hand_workers().pairs[number % workers]; };
    for (auto _ : state) {
        if (sent - received == in_flight) pair(received++).replies.pop(text.data());
        pair(sent++).requests.push(text.data());
    }
    while (received != sent) pair(received++).replies.pop(text.data());
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(process_many_ring)->UseRealTime()->Iterations(jobs);

}  // namespace

int main(int argc, char** argv) {
    if (asyncio::is_worker(argc, argv)) return asyncio::worker_main(argc, argv);
    hand_workers();
    benchmark::Initialize(&argc, argv);
    benchmark::RunSpecifiedBenchmarks();
}
