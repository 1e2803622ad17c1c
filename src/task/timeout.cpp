#include <asyncio/task/timeout.hpp>

#include <asyncio/base/exceptions.hpp>
#include <asyncio/loop/event_loop.hpp>

#include <cstdio>
#include <utility>

namespace asyncio {

Timeout::Timeout(Timeout&& other) : when_(other.when_) {
    if (other.state_ != State::created) throw RuntimeError("a Timeout that has been entered cannot be moved");
}

const char* Timeout::state_name() const noexcept {
    switch (state_) {
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
    if (state_ == State::created) throw RuntimeError("Timeout has not been entered");
    if (state_ != State::active) throw RuntimeError(std::string("Cannot change state of ") + state_name() + " Timeout");
    when_ = when;
    std::exchange(alarm_, Handle()).cancel();
    if (!when) return;
    EventLoop& loop = get_running_loop();
    if (*when <= loop.time()) {
        alarm_ = loop.call_soon([this] { expire(); });
    } else {
        alarm_ = loop.call_at(*when, [this] { expire(); });
    }
}

void Timeout::aenter() {
    if (state_ != State::created) throw RuntimeError("Timeout has already been entered");
    detail::LoopCore& loop = detail::require_running_loop();
    if (loop.current_task == nullptr) throw RuntimeError("Timeout should be used inside a task");
    task_ = detail::TaskPtr(loop.current_task);
    requests_before_ = task_->cancelling();
    state_ = State::active;
    reschedule(when_);
}

void Timeout::expire() noexcept {
    task_->cancel({});
    state_ = State::expiring;
}

void Timeout::aexit(const std::exception_ptr& error) {
    std::exchange(alarm_, Handle()).cancel();
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
        if (when_) {
            char seconds[64];
            std::snprintf(seconds, sizeof seconds, "%.3f",
                          std::chrono::duration<double>(when_->time_since_epoch()).count());
            text += seconds;
        } else {
            text += "None";
        }
    }
    return text + ">";
}

Timeout timeout(TimeLimit delay) {
    detail::LoopCore& loop = detail::require_running_loop();
    if (!delay) return Timeout(std::nullopt);
    return Timeout(detail::saturating_add(loop.time(), *delay));
}

Timeout timeout_at(std::optional<Clock::time_point> when) {
    return Timeout(when);
}

}  // namespace asyncio
