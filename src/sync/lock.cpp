#include <asyncio/sync/lock.hpp>

#include <asyncio/base/exceptions.hpp>
#include <asyncio/task/blockers.hpp>

namespace asyncio {

template class detail::Acquire<Lock>;

void Lock::throw_not_acquired() {
    throw RuntimeError("Lock is not acquired.");
}

LockStatistics Lock::statistics() const {
    return {waiters_.statistics(), locked_, holder_ ? holder_->name() : std::string()};
}

std::string Lock::repr() const {
    return detail::repr_of(type_name, this, locked_ ? "locked" : "unlocked", waiters_);
}

void Lock::name_blockers(detail::Blockers& blockers, const detail::ListedWaiter&) const {
    blockers.what = detail::name_at(type_name, this);
    blockers.holders.push_back(detail::mark_of(holder_.get()));
}

}  // namespace asyncio
