// Jobs of 1 KiB in and out in two threads, from the call to the awaited result: one at a time, and 50 in flight;
// against a pool of one mutex, two condition variables and nothing else (the limit), and Asio's. Go, tokio and CPython:
// peers/pool_peers.py, peers/tokio.

#include "peers/asio_types.hpp"
#include "pool_runs.hpp"

#include <asyncio/asyncio.hpp>

#include <asio/async_result.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>
#include <asio/thread_pool.hpp>
#include <benchmark/benchmark.h>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using turn_around::in_flight;
using turn_around::jobs;
using turn_around::payload;
using turn_around::workers;

void job_asyncio(benchmark::State& state) {
    asyncio::futures::ThreadPoolExecutor pool({.max_workers = workers});
    asyncio::run(turn_around::one_at_a_time(state, pool, &turn_around::job));
}
BENCHMARK(job_asyncio)->UseRealTime()->Iterations(jobs);

void job_many_asyncio(benchmark::State& state) {
    asyncio::futures::ThreadPoolExecutor pool({.max_workers = workers});
    asyncio::run(turn_around::many_in_flight(state, pool, &turn_around::job));
}
BENCHMARK(job_many_asyncio)->UseRealTime()->Iterations(jobs);

// --- the limit ---

/// Knows one kind of job, which whoever submits it keeps and waits for: no futures, no exceptions, no cancellation.
class BarePool {
public:
    struct Job {
        std::string text;
        bool done = false;
    };

    BarePool() {
        for (int i = 0; i < workers; ++i) threads_.emplace_back([this] { work(); });
    }
    BarePool(const BarePool&) = delete;
    BarePool& operator=(const BarePool&) = delete;
    ~BarePool() {
        {
            const std::lock_guard lock(mutex_);
            over_ = true;
        }
        submitted_.notify_all();
        for (std::thread& thread : threads_) thread.join();
    }

    void submit(Job& job) {
        {
            const std::lock_guard lock(mutex_);
            queue_.push_back(&job);
        }
        submitted_.notify_one();
    }
    /// One thread at a time.
    std::string result(Job& job) {
        std::unique_lock lock(mutex_);
        awaited_ = &job;
        done_.wait(lock, [&] { return job.done; });
        awaited_ = nullptr;
        return std::move(job.text);
    }

private:
    void work() {
        std::unique_lock lock(mutex_);
        while (true) {
            submitted_.wait(lock, [this] { return over_ || !queue_.empty(); });
            if (queue_.empty()) return;
            Job& job = *queue_.front();
            queue_.pop_front();
            lock.unlock();
            job.text = turn_around::job(std::move(job.text));
            lock.lock();
            job.done = true;
            if (awaited_ == &job) done_.notify_one();
        }
    }

    std::mutex mutex_;
    std::condition_variable submitted_;
    std::condition_variable done_;
    std::deque<Job*> queue_;
    const Job* awaited_ = nullptr;
    bool over_ = false;
    std::vector<std::thread> threads_;
};

void bare_jobs(benchmark::State& state, std::size_t at_once) {
    BarePool pool;
    const std::string text(payload, 'x');
    std::deque<BarePool::Job> flying;  // which does not move its elements
    for (auto _ : state) {
        if (flying.size() == at_once) {
            std::string result = pool.result(flying.front());
            benchmark::DoNotOptimize(result);
            flying.pop_front();
        }
        flying.push_back({text});
        pool.submit(flying.back());
    }
    for (BarePool::Job& job : flying) pool.result(job);
    state.SetItemsProcessed(state.iterations());
}

void job_bare(benchmark::State& state) {
    bare_jobs(state, 1);
}
BENCHMARK(job_bare)->UseRealTime()->Iterations(jobs);

void job_many_bare(benchmark::State& state) {
    bare_jobs(state, in_flight);
}
BENCHMARK(job_many_bare)->UseRealTime()->Iterations(jobs);

// --- Asio ---

/// Runs the job on the pool and posts the completion back.
template <class Token>
auto run_on(asio::thread_pool& pool, asio::io_context& context, std::string text, Token&& token) {
    return asio::async_initiate<Token, void(std::string)>(
        [&](auto handler) {
            asio::post(pool, [&context, work = asio::make_work_guard(context), handler = std::move(handler),
                              text = std::move(text)]() mutable {
                asio::post(context,
                           [handler = std::move(handler), result = turn_around::job(std::move(text))]() mutable {
                               std::move(handler)(std::move(result));
                           });
            });
        },
        token);
}

peer::Awaitable<void> asio_one_at_a_time(benchmark::State& state) {
    asio::io_context& context = (co_await asio::this_coro::executor).context();
    asio::thread_pool pool(workers);
    const std::string text(payload, 'x');
    for (auto _ : state) {
        std::string result = co_await run_on(pool, context, text, peer::use_awaitable);
        benchmark::DoNotOptimize(result);
    }
    state.SetItemsProcessed(state.iterations());
}

void job_asio(benchmark::State& state) {
    peer::run(asio_one_at_a_time(state));
}
BENCHMARK(job_asio)->UseRealTime()->Iterations(jobs);

/// By callbacks, which is what costs Asio least.
void job_many_asio(benchmark::State& state) {
    asio::io_context context(1);
    asio::thread_pool pool(workers);
    const std::string text(payload, 'x');
    int flying = 0;
    const auto arrived = [&flying](std::string result) {
        benchmark::DoNotOptimize(result);
        --flying;
    };
    for (auto _ : state) {
        while (flying == in_flight) context.run_one();
        ++flying;
        run_on(pool, context, text, arrived);
    }
    while (flying > 0) context.run_one();
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(job_many_asio)->UseRealTime()->Iterations(jobs);

}  // namespace
