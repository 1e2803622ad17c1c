// How a process pool ends: told to by its user, or because it is broken.

#include "../pool_registry.hpp"
#include "process_pool.hpp"

#include <mutex>
#include <utility>

namespace asyncio::detail {

void ProcessPool::fail_all_queued(const std::exception_ptr& error) noexcept {
    std::unique_lock lock(mutex_);
    MessageQueue queued(std::move(queue_));
    wake_thread();  // it may wait for the queue to become empty
    lock.unlock();
    while (auto message = queued.pop_front()) fail_message(*message, error);
}

void ProcessPool::kill_all(int signal) noexcept {
    for (const auto& worker : workers_) {
        if (worker->dead) continue;
        worker->doomed = true;
        server_.signal(worker->id, signal);
    }
}

void ProcessPool::shut_down(bool cancel_queued) noexcept {
    if (!usable()) return;
    MessageQueue cancelled;
    {
        std::unique_lock lock(mutex_);
        shut_down_ = true;
        if (cancel_queued) {
            recall(nullptr);
            MessageQueue queued(std::move(queue_));
            while (auto message = queued.pop_front()) {
                // What has been with a worker once is not cancelled, but run again.
                (message->begun ? queue_ : cancelled).push_back(std::move(message));
            }
            pump(lock, InLoop::yes, nullptr);  // there may be room for those now
        }
        wake_thread();
    }
    // Destroying them cancels them, without the lock.
}

void ProcessPool::end_workers(int signal) noexcept {
    if (!usable()) return;
    shut_down(true);
    std::unique_lock lock(mutex_);
    terminated_ = true;
    kill_all(signal);
    wake_thread();
    lock.unlock();
    fail_all_queued(broken_pool_error());
}

void ProcessPool::wait_until_ended() noexcept {
    if (!usable()) return;
    {
        std::unique_lock lock(mutex_);
        ended_.wait(lock, [&] { return !thread_started_ || thread_ended_; });
    }
    join_left_threads();
}

futures::Future<void> ProcessPool::ended() {
    futures::Future<void> future;
    static_cast<void>(future.set_running_or_notify_cancel());  // nobody cancels what the pool owes
    std::unique_lock lock(mutex_, std::defer_lock);
    if (usable()) {
        lock.lock();
        if (thread_started_ && !thread_ended_) {
            waiting_for_end_.push_back(future);
            return future;
        }
        lock.unlock();
    }
    future.set_result();
    return future;
}

}  // namespace asyncio::detail
