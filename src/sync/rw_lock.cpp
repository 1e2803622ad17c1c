#include <asyncio/sync/rw_lock.hpp>

#include <asyncio/base/exceptions.hpp>
#include <asyncio/task/blockers.hpp>

namespace asyncio {

template class detail::Acquire<detail::RWLockSide>;

namespace detail {

void RWLockSide::release() {
    writes_ ? lock_.release_write() : lock_.release_read();
}

void RWLockSide::not_taken(bool chosen) noexcept {
    chosen ? lock_.give_back(writes_) : lock_.choose_all_allowed();
}

void RWLockSide::left() noexcept {
    lock_.choose_all_allowed();
}

/// A writer waits for those inside. A reader that has none of them against it waits behind a writer.
void RWLockSide::name_blockers(Blockers& blockers, const ListedWaiter& asking) const {
    blockers.what = name_at(type_name, &lock_);
    if (lock_.writing_) {
        blockers.holders.push_back(mark_of(lock_.writer_.get()));
    } else if (writes_) {
        add_holders(blockers, lock_.read_.guards_, lock_.waiters_, asking);
    } else if (const ListedWaiter* first = lock_.waiters_.first_waiting()) {
        blockers.holders.push_back(mark_of(first->task()));
        blockers.in_line = true;
    }
}

std::string RWLockSide::repr() const {
    return lock_.repr();
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
        const bool writes = static_cast<detail::Acquire<detail::RWLockSide>*>(first)->primitive().writes_;
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
    return detail::repr_of(detail::RWLockSide::type_name, this, state, waiters_);
}

}  // namespace asyncio
