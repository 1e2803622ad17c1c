#pragma once

#include "job_gate.hpp"

#include <asyncio/base/atomic.hpp>
#include <asyncio/base/intrusive_list.hpp>
#include <asyncio/executor/concurrent_future.hpp>
#include <asyncio/executor/job.hpp>
#include <asyncio/executor/thread_pool_executor.hpp>

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace asyncio::detail {

/// What the threads of a ThreadPoolExecutor share; each of them keeps it alive.
class ThreadPool : public std::enable_shared_from_this<ThreadPool> {
public:
    ThreadPool(std::size_t max_threads, std::string name_prefix, std::function<void()> initializer,
               BrokenPoolError* broken);
    ThreadPool(const ThreadPool&) = delete;
    ThreadPool& operator=(const ThreadPool&) = delete;
    ~ThreadPool();

    /// See ThreadPoolExecutor::execute.
    void execute(futures::Job job);
    /// Takes no further jobs; threads end when the queue is empty.
    void shut_down(bool cancel_queued) noexcept;
    /// Blocks until no thread is left, except the calling one.
    void wait_until_empty() noexcept;
    /// Done when no thread is left. Precondition: shut down.
    [[nodiscard]] futures::Future<void> emptied();
    [[nodiscard]] std::size_t threads() const;
    /// Called on a thread of this pool.
    [[nodiscard]] bool in_own_thread() const noexcept;
    /// The pool was made in this process, not in one that it was forked from.
    [[nodiscard]] bool usable() const noexcept;

private:
    class Worker;
    struct Start;

    static void* thread_main(void* start) noexcept;
    void work(std::uint32_t number) noexcept;
    [[nodiscard]] std::exception_ptr initialize() noexcept;
    void leave() noexcept;
    void break_down(std::exception_ptr cause) noexcept;
    [[nodiscard]] std::exception_ptr broken_error() const noexcept;
    /// The next job, when there is one; waits. nullptr: the thread shall end.
    [[nodiscard]] JobNode* take(Worker& worker) noexcept;

    // With the lock:
    void require_open() const;
    void start_thread();
    [[nodiscard]] JobNode* pop() noexcept;
    void no_longer_idle(Worker& worker) noexcept;
    [[nodiscard]] bool begin_to_look(Worker& worker) noexcept;
    void look_out(std::unique_lock<std::mutex>& lock, Worker& worker) noexcept;
    void park(std::unique_lock<std::mutex>& lock, Worker& worker) noexcept;
    [[nodiscard]] Worker* unpark() noexcept;
    [[nodiscard]] JobGate::Says gate_says() const noexcept;
    void set_gate() noexcept;

    const std::size_t max_threads_;
    const std::string name_prefix_;
    const std::function<void()> initializer_;
    BrokenPoolError* const make_broken_;
    const std::uint32_t generation_;
    const bool looks_out_;  // somebody else can work while a thread looks

    // What those write who submit jobs, in one cache line; what threads of the pool write at each job, in another; then
    // what changes seldom.
    alignas(64) JobGate gate_;
    alignas(64) mutable std::mutex mutex_;
    JobChain queue_;  // what came through the gate before
    alignas(64) bool somebody_looks_ = false;
    std::uint32_t awake_ = 0;       // threads that look out, or were just woken: they take the lock and look for a job
    IntrusiveList<Worker> parked_;  // threads that sleep, or are about to
    std::size_t idle_ = 0;          // threads without a job; some may still deliver one
    std::condition_variable empty_;
    std::size_t threads_ = 0;
    std::uint32_t next_number_ = 0;
    bool shut_down_ = false;
    std::exception_ptr broken_;  // what an initializer has thrown
    std::vector<futures::Future<void>> emptied_;
};

}  // namespace asyncio::detail
