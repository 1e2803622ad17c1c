#include <asyncio/sync/condition.hpp>

#include <asyncio/base/context.hpp>
#include <asyncio/base/exceptions.hpp>
#include <asyncio/task/blockers.hpp>

#include <utility>

namespace asyncio {

namespace detail {

void ConditionWait::start() {
    begin();
    if (!condition_->locked()) Condition::throw_not_locked("wait");
    if (!condition_->binding_.accepts(*task_)) throw_other_loop(condition_->repr());
    lock_ = condition_->lock_;
    // It may have to wait for the lock as well, at a time when nothing may fail any more.
    if (!lock_->binding_.accepts(*task_)) throw_other_loop(lock_->repr());
    condition_->waits_.push_back(alive_);
    release();
    condition_->waiters_.enter(*this, *this);
}

void ConditionWait::release() noexcept {
    reacquiring_ = false;
    park();
    lock_->free();
}

void ConditionWait::park() noexcept {
    guarded_ = !lock_->guards_.empty();
    parked_.splice_back(lock_->guards_);
    for (GuardHook* guard = parked_.front(); guard != nullptr; guard = parked_.next(*guard))
        guard->parked_in = &parked_;
}

/// The lock is held again, by the guard if there was one; if that has gone meanwhile, by nobody.
void ConditionWait::hold() noexcept {
    if (guarded_ && parked_.empty()) return lock_->free();
    while (GuardHook* guard = parked_.pop_front()) {
        guard->parked_in = nullptr;
        lock_->guards_.push_back(*guard);
    }
}

bool ConditionWait::cancel(std::string_view message) noexcept {
    if (!mark_cancelled()) return false;
    error_ = make_cancelled_error(message);
    accepted_ = failed_in_wait_ = true;
    ++task_->loop().wakeups;
    task_->loop().keep_order();
    task_->loop().make_ready(*this);
    return true;
}

void ConditionWait::name_blockers(Blockers& blockers) const {
    if (reacquiring_ && stage_ == Stage::waiting) lock_->name_blockers(blockers, *this);
}

/// The cancellation that this turn is for, if any: the last one replaces those of earlier turns. One that came after an
/// accepted one, before this turn, is spent with it.
void ConditionWait::keep_cancellation() noexcept {
    if (std::exchange(accepted_, false)) return task_->forget_own_cancel();
    try {
        task_->resumed();
    } catch (...) {
        error_ = std::current_exception();
        failed_in_wait_ = true;
    }
}

void ConditionWait::run(ReadyNode& node, Turn turn) {
    if (turn == Turn::drop) return;
    auto& self = static_cast<ConditionWait&>(node);
    if (self.reacquire() && self.finished()) self.task_->go_on();
}

/// The turn of this waiter. True when the lock is held, or gone.
bool ConditionWait::reacquire() noexcept {
    // Cancelled: chosen by the lock, perhaps, and not to take it now.
    const bool cancelled = stage_ == Stage::cancelled || task_->must_throw();
    const bool alive = leave();
    keep_cancellation();
    if (!alive) {
        destroyed_ = true;
        while (GuardHook* guard = parked_.pop_front()) guard->parked_in = nullptr;
        return true;
    }
    const bool again = std::exchange(reacquiring_, true);
    if (again) {
        if (!cancelled) {
            lock_->take(task_);
            hold();
            return true;
        }
        lock_->hand_on();
    }
    if (lock_->try_take(task_)) {
        hold();
        return true;
    }
    again ? lock_->waiters_.enter_again(*this, *this) : lock_->waiters_.enter(*this, *this);
    return false;
}

/// Asks the predicate, as if the task did; false when the wait begins again.
bool ConditionWait::finished() noexcept {
    if (error_ || destroyed_) return true;
    try {
        const ContextScope scope(task_->context_word());
        if (!scope.entered()) return true;  // the task fails when it goes on
        struct Running {
            TaskCore*& current;
            TaskCore* previous;
            ~Running() { current = previous; }
        } const running{task_->loop().current_task, std::exchange(task_->loop().current_task, task_)};
        if (satisfied()) return true;
        destroyed_ = !alive_.linked();  // by the predicate, and perhaps the lock with it
        if (destroyed_) return true;
        if (!lock_->locked()) Condition::throw_not_locked("wait");
    } catch (...) {
        error_ = std::current_exception();
        return true;
    }
    release();
    condition_->waiters_.enter_again(*this, *this);
    task_->suspend(*task_->leaf(), this);  // the predicate may have cancelled the task
    return false;
}

void ConditionWait::finish() {
    // No resumed(): cancellations were taken at the turn, and one by the predicate itself is for the next await.
    const std::exception_ptr error = std::exchange(error_, nullptr);
    const bool hand_on = std::exchange(failed_in_wait_, false);
    const bool alive = alive_.linked();
    alive_.unlink();
    if (error) {
        if (hand_on && alive) condition_->choose(1);
        std::rethrow_exception(error);
    }
    if (destroyed_) throw_destroyed("Condition");
}

void ConditionWait::orphan() noexcept {
    destroyed_ = stage_ == Stage::waiting;
    reacquiring_ = true;
    lock_->waiters_.adopt(*list_, *this);
}

ConditionWait::~ConditionWait() {
    if (!abandon()) return;
    if (reacquiring_) {
        lock_->hand_on();
    } else {
        condition_->choose(1);
    }
}

}  // namespace detail

/// Who waits for a notification now waits for the lock: so it is safe whichever goes first, this condition's waiters or
/// the lock.
Condition::~Condition() {
    while (detail::ListedWaiter* waiter = waiters_.front()) static_cast<detail::ConditionWait*>(waiter)->orphan();
    if (!lock_->locked()) lock_->waiters_.choose_head();
}

void Condition::throw_not_locked(const char* verb) {
    throw RuntimeError(std::string("cannot ") + verb + " on un-acquired lock");
}

std::string Condition::repr() const {
    return detail::repr_of("Condition", this, locked() ? "locked" : "unlocked", waiters_);
}

}  // namespace asyncio
