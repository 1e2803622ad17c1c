#pragma once

#include <asyncio/base/clock.hpp>
#include <asyncio/base/standard/mutex.hpp>

#include <cstddef>

namespace asyncio::detail {

/// A std::condition_variable of which a header need not know more than its size: <condition_variable> brings threads,
/// stop tokens and semaphores into every file of a user.
class BlockingCondition {
public:
    BlockingCondition() noexcept;
    BlockingCondition(const BlockingCondition&) = delete;
    BlockingCondition& operator=(const BlockingCondition&) = delete;
    ~BlockingCondition();

    void notify_all() noexcept;
    template <class Predicate>
    void wait(std::unique_lock<std::mutex>& lock, Predicate predicate) {
        while (!predicate()) wait_once(lock);
    }
    /// What the predicate says at the end.
    template <class Predicate>
    bool wait_until(std::unique_lock<std::mutex>& lock, Clock::time_point deadline, Predicate predicate) {
        while (!predicate()) {
            if (!wait_once_until(lock, deadline)) return predicate();
        }
        return true;
    }

private:
    void wait_once(std::unique_lock<std::mutex>& lock);
    /// False when the time is over.
    bool wait_once_until(std::unique_lock<std::mutex>& lock, Clock::time_point deadline);

    alignas(void*) std::byte storage_[48];
};

}  // namespace asyncio::detail
