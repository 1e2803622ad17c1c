#include <asyncio/task/periodic.hpp>

#include <asyncio/task/future_core.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

namespace asyncio::detail {

PeriodicCore::PeriodicCore(const PeriodicPlan& plan) : plan_(plan) {
    if (plan.interval <= Clock::duration::zero())
        throw std::invalid_argument(std::string(plan.name) + ": the interval must be positive");
    if (!(plan.jitter >= 0 && plan.jitter < 2))
        throw std::invalid_argument(std::string(plan.name) + ": jitter must be at least 0 and less than 2");
    if (plan.loop != nullptr) loop_ = LoopPtr(&plan.loop->core());
}

void PeriodicCore::start() {
    if (running()) return;
    if (plan_.loop == nullptr) loop_ = LoopPtr(&require_running_loop());
    loop_->check_open();
    loop_->check_thread();
    running_ = true;
    beat_ = loop_->time();
    if (busy_) return;
    if (plan_.first_at_once) {
        run_call(true);
    } else {
        schedule_next();
    }
}

void PeriodicCore::stop() noexcept {
    running_ = false;
    std::exchange(handle_, TimerHandle()).cancel();
}

void PeriodicCore::run_call(bool inside_start) {
    const PeriodicPtr keep(this);  // the function may destroy the series
    busy_ = true;
    try {
        if (!call()) return;
    } catch (...) {
        if (!inside_start || plan_.go_on_after_error) return ended(std::current_exception());
        busy_ = running_ = false;
        throw;
    }
    ended(nullptr);
}

void PeriodicCore::ended(const std::exception_ptr& error) {
    busy_ = false;
    if (error) {
        if (!plan_.go_on_after_error) running_ = false;
        if (is_cancelled_error(error) || is_interrupt(error)) {
            running_ = false;
            std::rethrow_exception(error);
        }
    }
    if (running_) schedule_next();
    if (!error) return;
    ExceptionContext context;
    context.message = std::string("Exception in the function of a ") + plan_.name;
    context.exception = error;
    loop_->call_exception_handler(context);
}

void PeriodicCore::schedule_next() {
    if (loop_->closed()) return;
    try {
        handle_ = loop_->facade->call_at(next_beat(), [self = PeriodicPtr(this)] {
            self->handle_ = TimerHandle();
            self->run_call(false);
        });
    } catch (...) {
        running_ = false;  // no memory: nothing would ever call it
        throw;
    }
}

Clock::time_point PeriodicCore::next_beat() {
    const Clock::time_point now = loop_->time();
    if (plan_.drift) return saturating_add(now, plan_.interval);
    Clock::duration period = plan_.interval;
    if (plan_.jitter > 0) {
        const std::chrono::duration<double> varied =
            std::chrono::duration<double>(period) * (1 + plan_.jitter * (loop_->random.unit() - 0.5));
        period = std::max(to_clock_duration(varied), Clock::duration(1));
    }
    // The next multiple after now; what was missed is skipped.
    if (beat_ < now) beat_ += (now - beat_) / period * period;
    beat_ = saturating_add(beat_, period);
    return beat_;
}

}  // namespace asyncio::detail
