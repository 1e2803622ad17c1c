#pragma once

#include "../answer_source.hpp"
#include "message_queue.hpp"
#include "worker_end.hpp"
#include "worker_handle.hpp"
#include "worker_server.hpp"

#include <asyncio/base/unique_fd.hpp>
#include <asyncio/executor/concurrent_future.hpp>
#include <asyncio/executor/process_pool_executor.hpp>

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace asyncio::detail {

/// What a ProcessPoolExecutor and its thread share. Messages go
///
///     queue ──pump()──► place of a worker, posted ──► taken ──► replied ──deliver()──► done
///       ▲                       │ the worker ended        │ the worker ended: on_ended()
///       └───────────────────────┴────────(retries)────────┴──► failed
///
/// Whoever submits writes straight into the memory of a worker that has room; the pool's thread reads the replies, or
/// the loop that looks out for them, and the thread hears from the fork server how workers end, and gives free places
/// to what is queued.
class ProcessPool final : public AnswerSource, public std::enable_shared_from_this<ProcessPool> {
public:
    explicit ProcessPool(const futures::ProcessPoolOptions& options);
    ProcessPool(const ProcessPool&) = delete;
    ProcessPool& operator=(const ProcessPool&) = delete;
    ~ProcessPool() = default;

    /// See ProcessPoolExecutor::submit.
    void execute(std::unique_ptr<RemoteMessage> message);
    /// Takes no further messages; the processes end when all are done.
    void shut_down(bool cancel_queued) noexcept;
    /// Shuts down and sends a signal to all workers.
    void end_workers(int signal) noexcept;
    /// Blocks until no process and no thread is left. Precondition: shut down, not in the pool's own thread.
    void wait_until_ended() noexcept;
    /// Done when no process and no thread is left. Precondition: shut down.
    [[nodiscard]] futures::Future<void> ended();
    [[nodiscard]] std::vector<int> pids() const;
    [[nodiscard]] bool in_own_thread() const noexcept;
    /// The pool was made in this process, not in one that it was forked from.
    [[nodiscard]] bool usable() const noexcept;

    [[nodiscard]] bool fetch(LoopCore& loop) noexcept override;
    void stop_fetching(LoopCore& loop) noexcept override;
    void withdraw(const Delivery& job) noexcept override;
    void leave_alone(LoopCore& loop) noexcept override;

private:
    struct Start;
    class PlaceEnd;
    class InitializerNode;

    // process_pool.cpp: giving messages to workers. With the lock:
    void require_open() const;
    void start_thread();
    void start_worker();
    [[nodiscard]] std::unique_ptr<RemoteMessage> initializer_message();
    /// In a loop that fetches replies no worker is started and no job fails: what comes of that is everybody's, whose
    /// callbacks are not the loop's to call. The pool's thread does it when the worker that is missing has ended.
    enum class InLoop : bool { no, yes };
    [[nodiscard]] WorkerHandle* choose_worker(const RemoteMessage& message, bool revocable, InLoop in_loop) noexcept;
    [[nodiscard]] WorkerHandle* least_loaded() noexcept;
    /// Its job can be withdrawn by the loop in whose thread this is called, until a worker begins with it.
    [[nodiscard]] bool revocable(const RemoteMessage& message, const LoopCore* here) const noexcept;
    [[nodiscard]] std::unique_ptr<RemoteMessage> take_back_for_idle() noexcept;
    /// Into the queue, all that is revocable, by this loop or by any, and that no worker has begun.
    void recall(const LoopCore* loop) noexcept;
    /// Gives messages to workers, as long as there are both. `here` is the loop in whose thread this is called, and
    /// which withdraws jobs from this pool. Releases the lock for moments.
    void pump(std::unique_lock<std::mutex>& lock, InLoop in_loop, const LoopCore* here) noexcept;
    [[nodiscard]] std::size_t usable_workers() const noexcept;
    [[nodiscard]] bool worn_out(const WorkerHandle& worker) const noexcept;
    void bury_dead() noexcept;
    /// What was there has been dealt with.
    [[nodiscard]] std::unique_ptr<RemoteMessage> take_out(WorkerHandle& worker, std::size_t index) noexcept;
    void wake_thread() noexcept;
    void kill_all(int signal) noexcept;
    // Without it:
    void pump() noexcept;
    void fill(std::unique_lock<std::mutex>& lock, WorkerHandle& worker, std::size_t index) noexcept;
    void fail_if_nobody_works(std::unique_lock<std::mutex> lock) noexcept;
    void fail_all_queued(const std::exception_ptr& error) noexcept;
    void free_place(WorkerHandle& worker, std::size_t index, std::unique_ptr<RemoteMessage>& message) noexcept;

    // Whoever holds reading_.
    enum class FreesPlace : bool { no, yes };
    void deliver(WorkerHandle& worker, std::size_t index) noexcept;
    [[nodiscard]] bool deliver(WorkerHandle& worker, std::size_t index, RemoteMessage& message,
                               FreesPlace frees) noexcept;
    void damaged(WorkerHandle& worker, std::size_t index) noexcept;

    // process_pool_fetch.cpp: a loop's thread that reads replies.
    [[nodiscard]] bool deliver_replies_for(const LoopCore& loop, WorkerHandle& worker) noexcept;
    [[nodiscard]] RemoteMessage* message_for(const LoopCore& loop, const WorkerHandle& worker,
                                             std::size_t index) const noexcept;

    // process_pool_thread.cpp and process_pool_endings.cpp: the pool's thread.
    static void* thread_main(void* start) noexcept;
    void work() noexcept;
    [[nodiscard]] bool finished() noexcept;
    void look_at_workers() noexcept;
    void note_living() noexcept;               // with the lock
    void doom(WorkerHandle& worker) noexcept;  // with the lock
    [[nodiscard]] bool deliver_replies() noexcept;
    [[nodiscard]] bool deliver_replies_of(WorkerHandle& worker) noexcept;
    void read_reports() noexcept;
    void on_report(const ServerReport& report) noexcept;
    void on_ended(WorkerHandle& worker, int status) noexcept;
    void on_start_failed(WorkerHandle& worker, int error) noexcept;
    void on_server_ended() noexcept;
    [[nodiscard]] std::unique_ptr<RemoteMessage> take_from_dead(WorkerHandle& worker) noexcept;
    void on_early_end(int status, bool overdue) noexcept;
    void end_attempt(std::unique_ptr<RemoteMessage> message, const WorkerEnding& ending) noexcept;
    void enforce_wall_time() noexcept;
    [[nodiscard]] std::int64_t time_to_sleep_ns() const noexcept;
    void wait(bool busy) noexcept;
    [[nodiscard]] bool may_sleep() noexcept;
    void break_down(const std::string& reason) noexcept;
    void leave() noexcept;

    const std::size_t max_workers_;
    const ServerRequest::Kind start_method_;
    const std::string initializer_;
    const SharedFiles initializer_shared_;
    const std::string_view initializer_function_;
    const int max_tasks_;  // 0: any number
    const int retries_;
    const bool strict_;
    const bool sends_ahead_;  // more than a worker is sure to begin
    const TimeLimit wall_time_limit_;
    const WorkerLimits limits_;
    const std::uint32_t generation_;
    const bool spins_;  // somebody else can work while a thread waits

    mutable std::mutex mutex_;
    MessageQueue queue_;
    std::vector<std::unique_ptr<WorkerHandle>> workers_;
    WorkerServer server_;
    UniqueFd wakeup_;  // eventfd: replies, and whatever the thread shall look at
    UniqueFd epoll_;
    std::exception_ptr start_error_;  // no worker could be started
    bool start_failed_ = false;       // so none is, before another one has room
    std::uint32_t next_worker_ = 0;
    int early_ends_ = 0;  // workers in a row that ended before they could do anything
    bool thread_started_ = false;
    bool thread_ended_ = false;
    bool shut_down_ = false;
    bool broken_ = false;
    bool terminated_ = false;
    std::condition_variable ended_;
    std::vector<futures::Future<void>> waiting_for_end_;

    /// Whoever reads replies holds it, before mutex_: the thread while it is awake, or a loop that looks out.
    std::mutex reading_;
    // The living, at the thread's last look: it alone writes this, and so may read it without reading_.
    std::vector<WorkerHandle*> seen_;
    bool fetching_ = false;  // a loop has taken over the thread's sleep, or was given it
    PromiseToLook looker_;   // who was given it, when the thread sleeps

    // The thread's own:
    bool reports_ = false;
    unsigned turns_ = 0;
    bool lately_busy_ = false;  // there were replies in the last turn
};

/// What all jobs of a broken pool get.
[[nodiscard]] std::exception_ptr broken_pool_error();
/// From here on its jobs cannot be cancelled. False: all were before.
[[nodiscard]] bool begin_message(RemoteMessage& message) noexcept;
/// Delivers an error, whether or not the message was begun.
void fail_message(RemoteMessage& message, const std::exception_ptr& error) noexcept;

}  // namespace asyncio::detail
