#include <asyncio/task/timeout.hpp>

#include <asyncio/base/exceptions.hpp>
#include <asyncio/base/frame_pool.hpp>
#include <asyncio/base/timer_heap.hpp>
#include <asyncio/loop/event_loop.hpp>

#include <cstdio>
#include <memory>
#include <utility>

namespace asyncio {

/// The timer. Not a part of the Timeout, since the body may end in the very iteration in which it is due: then it is in
/// the ready queue already, which nothing can leave.
class Timeout::Alarm : public detail::TimerNode, public detail::Pooled {
public:
    explicit Alarm(Timeout& timeout) noexcept : TimerNode(&go_off), timeout(&timeout) {}

    Timeout* timeout;  // nullptr when it is no longer wanted

private:
    static void go_off(ReadyNode& node, detail::Turn turn) {
        const std::unique_ptr<Alarm> self(static_cast<Alarm*>(&node));
        if (self->timeout == nullptr) return;
        self->timeout->alarm_ = nullptr;
        if (turn == detail::Turn::run) self->timeout->expire();
    }
};

Timeout::Timeout(std::optional<Clock::time_point> when) noexcept
    : when_(when.value_or(Clock::time_point())),
      has_deadline_(when.has_value()) {}

std::optional<Clock::time_point> Timeout::when() const noexcept {
    return has_deadline_ ? std::optional(when_) : std::nullopt;
}

void Timeout::cancel_alarm() noexcept {
    Alarm* alarm = std::exchange(alarm_, nullptr);
    alarm->timeout = nullptr;
    if (!alarm->scheduled()) return;
    task_->loop().cancel(*alarm);
    delete alarm;
}

void Timeout::throw_entered() {
    throw RuntimeError("a Timeout that has been entered cannot be moved");
}

const char* Timeout::state_name() const noexcept {
    switch (state_) {
        case State::created_now:
        case State::created:
            return "created";
        case State::active:
            return "active";
        case State::expiring:
            return "expiring";
        case State::expired:
            return "expired";
        case State::finished:
            return "finished";
    }
    return "";
}

void Timeout::reschedule(std::optional<Clock::time_point> when) {
    if (!entered()) throw RuntimeError("Timeout has not been entered");
    if (state_ != State::active) throw RuntimeError(std::string("Cannot change state of ") + state_name() + " Timeout");
    detail::LoopCore& loop = task_->loop();
    if (when) {
        detail::require_running_loop();
        loop.check_open();
    }
    loop.check_thread();
    if (when) {
        set_alarm(loop, *when, *when <= loop.time());
    } else {
        drop_alarm();
    }
    has_deadline_ = when.has_value();
    when_ = when.value_or(Clock::time_point());
}

inline void Timeout::set_alarm(detail::LoopCore& loop, Clock::time_point when, bool is_due) {
    auto alarm = std::make_unique<Alarm>(*this);
    if (is_due) {
        loop.make_ready(*alarm);
    } else {
        loop.schedule(*alarm, when);
    }
    drop_alarm();  // only now: when there is no memory for the new one, the old one stays
    alarm_ = alarm.release();
}

inline detail::LoopCore& Timeout::enter() {
    if (entered()) throw RuntimeError("Timeout has already been entered");
    detail::LoopCore& loop = detail::require_running_loop();
    if (loop.current_task == nullptr) throw RuntimeError("Timeout should be used inside a task");
    task_ = detail::TaskPtr(loop.current_task);
    requests_before_ = task_->cancelling();
    state_ = State::active;
    return loop;
}

void Timeout::aenter() {
    const bool has_been_made_now = state_ == State::created_now;
    const std::uint32_t wakeups_then = requests_before_;
    detail::LoopCore& loop = enter();
    if (!has_deadline_) return;
    // Made in this very step of the task: the clock need not be looked at once more.
    const bool ahead = has_been_made_now && wakeups_then == static_cast<std::uint32_t>(loop.wakeups);
    set_alarm(loop, when_, !ahead && when_ <= loop.time());
}

void Timeout::expire() noexcept {
    task_->cancel({});
    state_ = State::expiring;
}

void Timeout::aexit(const std::exception_ptr& error) {
    drop_alarm();
    const detail::TaskPtr task = std::move(task_);
    if (state_ == State::active) state_ = State::finished;
    if (state_ != State::expiring) return;
    state_ = State::expired;
    // More requests than before: somebody else wants the task to end, too, and that must not be hidden.
    const bool only_ours = task->uncancel() <= requests_before_;
    if (only_ours && detail::is_cancelled_error(error)) throw TimeoutError(error);
}

std::string Timeout::repr() const {
    std::string text = std::string("<Timeout [") + state_name() + "]";
    if (state_ == State::active) {
        text += " when=";
        if (has_deadline_) {
            char seconds[64];
            std::snprintf(seconds, sizeof seconds, "%.3f",
                          std::chrono::duration<double>(when_.time_since_epoch()).count());
            text += seconds;
        } else {
            text += "None";
        }
    }
    return text + ">";
}

Timeout timeout(TimeLimit delay) {
    detail::LoopCore& loop = detail::require_running_loop();
    if (!delay) return {};
    Timeout limit(detail::saturating_add(loop.time(), *delay));
    if (*delay > Clock::duration::zero()) {
        limit.state_ = Timeout::State::created_now;
        limit.requests_before_ = static_cast<std::uint32_t>(loop.wakeups);
    }
    return limit;
}

Timeout timeout_at(std::optional<Clock::time_point> when) {
    return Timeout(when);
}

void detail::WaitLimit::aenter() {
    if (no_time()) return;
    LoopCore& loop = timeout_.enter();
    if (!delay_) return;
    timeout_.when_ = saturating_add(loop.time(), *delay_);
    timeout_.has_deadline_ = true;
    timeout_.set_alarm(loop, timeout_.when_, false);
}

}  // namespace asyncio
