#include <asyncio/sync/semaphore.hpp>

#include <asyncio/task/blockers.hpp>

#include <algorithm>
#include <stdexcept>

namespace asyncio {

template class detail::Acquire<Semaphore>;

Semaphore::Semaphore(std::ptrdiff_t value, std::ptrdiff_t bound) : value_(value), bound_(bound), initial_(value) {
    if (value < 0) throw std::invalid_argument("Semaphore initial value must be >= 0");
}

void Semaphore::throw_released_too_often() {
    throw std::invalid_argument("BoundedSemaphore released too many times");
}

std::string Semaphore::repr() const {
    return detail::repr_of(bounded() ? "BoundedSemaphore" : type_name, this,
                           locked() ? "locked" : "unlocked, value:" + std::to_string(value_), waiters_);
}

/// Who has a guard will release. Units without one may be anybody's to release: where there are such, nobody is to
/// blame.
void Semaphore::name_blockers(detail::Blockers& blockers, const detail::ListedWaiter& asking) const {
    blockers.what = detail::name_at(bounded() ? "BoundedSemaphore" : type_name, this);
    detail::add_holders(blockers, guards_, waiters_, asking);
    if (!blockers.in_line) blockers.one_of = std::max(blockers.holders.size(), static_cast<std::size_t>(initial_));
}

}  // namespace asyncio
