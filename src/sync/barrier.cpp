#include <asyncio/sync/barrier.hpp>

#include <stdexcept>

namespace asyncio {

namespace detail {

bool BarrierWait::await_ready() {
    barrier_->binding_.check_thread();
    if (stage_ != Stage::idle) return false;  // awaited by another task, which enter() refuses
    state_ = State::outside;
    return look();
}

void BarrierWait::enter() {
    try {
        begin();
        if (!barrier_->binding_.accepts(*task_)) throw_other_loop(barrier_->repr());
    } catch (...) {
        if (stage_ == Stage::idle) depart();
        throw;
    }
    barrier_->waiters_.enter(*this, *this);
}

/// What the barrier's state means for this task; false when it has to wait (again).
bool BarrierWait::look() noexcept {
    using Now = Barrier::State;
    Barrier& barrier = *barrier_;
    if (state_ == State::outside) {
        if (barrier.state_ == Now::draining || barrier.state_ == Now::resetting) return false;
        if (barrier.state_ == Now::broken) {
            state_ = State::aborted;
            return true;
        }
        index_ = barrier.count_++;
        state_ = State::inside;
        if (index_ + 1 == barrier.parties_) {
            barrier.state_ = Now::draining;
            barrier.waiters_.choose_all();
        }
    }
    if (barrier.state_ == Now::filling) return false;
    const State end = barrier.state_ == Now::draining ? State::out : State::reset;
    depart();
    state_ = end;
    return true;
}

void BarrierWait::depart() noexcept {
    if (state_ == State::inside) barrier_->leave();
    state_ = State::outside;
}

void BarrierWait::run(ReadyNode& node, Turn turn) {
    if (turn == Turn::drop) return;
    auto& self = static_cast<BarrierWait&>(node);
    if (self.list_ != nullptr && !self.task_->must_throw()) {
        self.list_->remove(self);
        if (!self.look()) return self.barrier_->waiters_.enter_again(self, self);
    }
    self.task_->go_on();
}

std::size_t BarrierWait::await_resume() {
    if (stage_ != Stage::idle) {
        // Not by way of look(): cancelled, or the barrier is gone.
        if (leave()) {
            // As asyncio's condition, which hands a notification on: another one looks again, and queues behind the
            // rest.
            barrier_->waiters_.choose();
            depart();
        }
        resumed();
        if (state_ != State::out) throw_destroyed("Barrier");
    }
    if (state_ == State::aborted) throw BrokenBarrierError("Barrier aborted");
    if (state_ == State::reset) throw BrokenBarrierError("Abort or reset of barrier");
    return index_;
}

void BarrierWait::orphan() noexcept {
    if (state_ == State::inside && barrier_->state_ == Barrier::State::draining) state_ = State::out;
}

BarrierWait::~BarrierWait() {
    if (stage_ == Stage::idle || list_ == nullptr) return;
    static_cast<void>(abandon());
    depart();
}

}  // namespace detail

Barrier::Barrier(std::ptrdiff_t parties) : parties_(static_cast<std::size_t>(parties)) {
    if (parties < 1) throw std::invalid_argument("parties must be > 0");
}

Barrier::~Barrier() {
    for (auto* waiter = waiters_.front(); waiter != nullptr; waiter = waiters_.next(*waiter))
        static_cast<detail::BarrierWait*>(waiter)->orphan();
}

/// One of those inside goes. The last one lets those outside in.
void Barrier::leave() noexcept {
    if (--count_ > 0) return;
    if (state_ == State::draining || state_ == State::resetting) state_ = State::filling;
    waiters_.choose_all();
}

void Barrier::reset_now() {
    binding_.check_thread();
    state_ = count_ > 0 ? State::resetting : State::filling;
    waiters_.choose_all();
}

void Barrier::abort_now() {
    binding_.check_thread();
    state_ = State::broken;
    waiters_.choose_all();
}

std::string Barrier::repr() const {
    constexpr const char* names[] = {"filling", "draining", "resetting", "broken"};
    std::string extra = names[static_cast<std::size_t>(state_)];
    if (!broken()) extra += ", waiters:" + std::to_string(n_waiting()) + "/" + std::to_string(parties_);
    return detail::repr_of("Barrier", this, extra, detail::WaitList());
}

}  // namespace asyncio
