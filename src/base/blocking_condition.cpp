#include <asyncio/base/blocking_condition.hpp>

#include <condition_variable>
#include <memory>
#include <new>

namespace asyncio::detail {

namespace {

std::condition_variable& condition_in(std::byte* storage) noexcept {
    return *std::launder(reinterpret_cast<std::condition_variable*>(storage));
}

}  // namespace

BlockingCondition::BlockingCondition() noexcept {
    static_assert(sizeof(std::condition_variable) <= sizeof storage_ &&
                  alignof(std::condition_variable) <= alignof(void*));
    ::new (static_cast<void*>(storage_)) std::condition_variable;
}

BlockingCondition::~BlockingCondition() {
    std::destroy_at(&condition_in(storage_));
}

void BlockingCondition::notify_all() noexcept {
    condition_in(storage_).notify_all();
}

void BlockingCondition::wait_once(std::unique_lock<std::mutex>& lock) {
    condition_in(storage_).wait(lock);
}

bool BlockingCondition::wait_once_until(std::unique_lock<std::mutex>& lock, Clock::time_point deadline) {
    return condition_in(storage_).wait_until(lock, deadline) == std::cv_status::no_timeout;
}

}  // namespace asyncio::detail
