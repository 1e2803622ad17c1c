#include <asyncio/sync/semaphore.hpp>

#include <stdexcept>

namespace asyncio {

namespace detail {

void SemaphoreAcquire::enter() {
    begin();
    if (!semaphore_->binding_.accepts(*task_)) throw_other_loop(semaphore_->repr());
    semaphore_->waiters_.enter(*this, *task_);
}

void SemaphoreAcquire::finish() {
    const bool chosen = stage_ == Stage::chosen;
    if (!leave()) {
        resumed();
        throw_destroyed("Semaphore");
    }
    if (chosen && task_->must_throw()) ++semaphore_->value_;
    // Those who came while units were on their way had to queue behind them.
    semaphore_->choose_all_allowed();
    resumed();
}

void SemaphoreAcquire::hand_on() noexcept {
    ++semaphore_->value_;
    semaphore_->choose_all_allowed();
}

}  // namespace detail

Semaphore::Semaphore(std::ptrdiff_t value, std::ptrdiff_t bound) : value_(value), bound_(bound) {
    if (value < 0) throw std::invalid_argument("Semaphore initial value must be >= 0");
}

void Semaphore::throw_released_too_often() {
    throw std::invalid_argument("BoundedSemaphore released too many times");
}

std::string Semaphore::repr() const {
    const bool bounded = bound_ != std::numeric_limits<std::ptrdiff_t>::max();
    return detail::repr_of(bounded ? "BoundedSemaphore" : "Semaphore", this,
                           locked() ? "locked" : "unlocked, value:" + std::to_string(value_), waiters_);
}

}  // namespace asyncio
