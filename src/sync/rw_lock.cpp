#include <asyncio/sync/rw_lock.hpp>

#include <asyncio/base/exceptions.hpp>

namespace asyncio {

namespace detail {

void RWLockSide::release() {
    writes_ ? lock_.release_write() : lock_.release_read();
}

void RWLockAcquire::enter() {
    begin();
    RWLock& lock = side_->lock_;
    if (!lock.binding_.accepts(*task_)) throw_other_loop(lock.repr());
    lock.waiters_.enter(*this, *task_);
}

void RWLockAcquire::finish() {
    const bool chosen = stage_ == Stage::chosen;
    if (!leave()) {
        resumed();
        throw_destroyed("RWLock");
    }
    if (chosen && task_->must_throw()) side_->lock_.give_back(side_->writes_);
    resumed();
}

bool RWLockAcquire::cancel(std::string_view message) noexcept {
    if (!mark_cancelled()) return false;
    accept_cancel(message);
    side_->lock_.choose_all_allowed();  // a writer that leaves no longer keeps out the readers behind it
    return true;
}

/// The frame is destroyed while it waits.
void RWLockAcquire::give_up() noexcept {
    const bool exists = list_ != nullptr;
    if (abandon()) {
        side_->lock_.give_back(side_->writes_);
    } else if (exists) {
        side_->lock_.choose_all_allowed();
    }
}

}  // namespace detail

void RWLock::take(bool writes, detail::TaskCore* task) noexcept {
    if (writes) {
        writing_ = true;
        writer_ = detail::TaskPtr(task);
    } else {
        ++readers_;
    }
}

void RWLock::give_back(bool writes) noexcept {
    if (writes) {
        writing_ = false;
        writer_ = nullptr;
    } else {
        --readers_;
    }
    choose_all_allowed();
}

void RWLock::choose_all_allowed() noexcept {
    while (detail::ListedWaiter* first = waiters_.first_waiting()) {
        const bool writes = static_cast<detail::RWLockAcquire*>(first)->writes();
        if (writing_ || (writes && readers_ > 0)) return;
        take(writes, first->task());
        waiters_.choose();
    }
}

void RWLock::release_read() {
    binding_.check_thread();
    if (readers_ == 0) throw RuntimeError("RWLock is not acquired for reading.");
    give_back(false);
}

void RWLock::release_write() {
    binding_.check_thread();
    if (!writing_) throw RuntimeError("RWLock is not acquired for writing.");
    give_back(true);
}

RWLockStatistics RWLock::statistics() const {
    return {waiters_.statistics(), readers_, writing_, writer_ ? writer_->name() : std::string()};
}

std::string RWLock::repr() const {
    const std::string state = writing_ ? "writing" : readers_ > 0 ? "readers:" + std::to_string(readers_) : "unlocked";
    return detail::repr_of("RWLock", this, state, waiters_);
}

}  // namespace asyncio
