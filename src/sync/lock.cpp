#include <asyncio/sync/lock.hpp>

#include <asyncio/base/exceptions.hpp>

namespace asyncio {

namespace detail {

void LockAcquire::enter() {
    begin();
    if (!lock_->binding_.accepts(*task_)) throw_other_loop(lock_->repr());
    lock_->waiters_.enter(*this, *task_);
}

void LockAcquire::finish() {
    if (!leave()) {
        resumed();
        throw_destroyed("Lock");
    }
    if (task_->must_throw()) lock_->hand_on();
    resumed();
    lock_->take(task_);
}

void LockAcquire::hand_on() noexcept {
    lock_->hand_on();
}

}  // namespace detail

void Lock::throw_not_acquired() {
    throw RuntimeError("Lock is not acquired.");
}

LockStatistics Lock::statistics() const {
    return {waiters_.statistics(), locked_, holder_ ? holder_->name() : std::string()};
}

std::string Lock::repr() const {
    return detail::repr_of("Lock", this, locked_ ? "locked" : "unlocked", waiters_);
}

}  // namespace asyncio
