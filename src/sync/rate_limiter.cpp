#include <asyncio/sync/rate_limiter.hpp>

#include <asyncio/base/exceptions.hpp>

#include <algorithm>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <utility>

namespace asyncio {

namespace detail {

namespace {

/// The quotient of two numbers that are not negative, rounded up.
constexpr std::int64_t divide_up(std::int64_t dividend, std::int64_t divisor) noexcept {
    return dividend / divisor + (dividend % divisor != 0 ? 1 : 0);
}

}  // namespace

bool RateLimiterAcquire::await_ready() {
    return limiter_->try_take(require_current_task(), tokens_);
}

void RateLimiterAcquire::enter() {
    begin();
    limiter_->waiters_.enter(*this, *task_);
    if (limiter_->waiters_.first_waiting() == this) arm(limiter_->time_of(tokens_));
}

void RateLimiterAcquire::finish() {
    const bool chosen = stage_ == Stage::chosen;
    if (!leave()) {
        resumed();
        throw_destroyed("RateLimiter");
    }
    if (chosen && task_->must_throw()) limiter_->give_back(task_->loop(), tokens_);
    resumed();
}

bool RateLimiterAcquire::cancel(std::string_view message) noexcept {
    if (!mark_cancelled()) return false;
    disarm();
    accept_cancel(message);
    limiter_->serve(task_->loop());  // the next may want fewer
    return true;
}

/// The frame is destroyed while it waits.
void RateLimiterAcquire::give_up() noexcept {
    disarm();
    const bool exists = list_ != nullptr;
    if (abandon()) {
        limiter_->give_back(task_->loop(), tokens_);
    } else if (exists) {
        limiter_->serve(task_->loop());
    }
}

void RateLimiterAcquire::arm(Clock::time_point when) noexcept {
    if (std::exchange(armed_, true)) return;
    try {
        task_->loop().schedule(*this, when);
    } catch (...) {
        task_->loop().make_ready(*this);  // no memory for the timer: looks again in the next iteration
    }
}

void RateLimiterAcquire::disarm() noexcept {
    if (!scheduled()) return;
    task_->loop().cancel(static_cast<TimerNode&>(*this));
    armed_ = false;
}

void RateLimiterAcquire::on_timer(ReadyNode& node, Turn turn) {
    auto& self = static_cast<RateLimiterAcquire&>(node);
    self.armed_ = false;
    if (turn == Turn::run && self.stage_ == Stage::waiting) self.limiter_->serve(self.task_->loop());
}

}  // namespace detail

RateLimiter::RateLimiter(InClockTicks, std::int64_t rate, Clock::duration per, std::int64_t burst) {
    if (rate <= 0 || per <= Clock::duration::zero() || burst < 0)
        throw std::invalid_argument("RateLimiter: rate and time must be > 0, burst >= 0");
    burst_ = burst == 0 ? rate : burst;
    const std::int64_t common = std::gcd(rate, static_cast<std::int64_t>(per.count()));
    rate_ = rate / common;
    token_ = per.count() / common;
    // Waiting adds up to a tick's worth to a full bucket.
    if (burst_ > (std::numeric_limits<std::int64_t>::max() - rate_) / token_)
        throw std::invalid_argument("RateLimiter: burst is too large for this rate");
    level_ = burst_ * token_;
}

RateLimiter::~RateLimiter() {
    if (auto* first = waiters_.first_waiting()) static_cast<detail::RateLimiterAcquire*>(first)->disarm();
}

void RateLimiter::require_possible(std::int64_t tokens) const {
    if (tokens < 1 || tokens > burst_)
        throw std::invalid_argument("RateLimiter: cannot acquire " + std::to_string(tokens) + " tokens of at most " +
                                    std::to_string(burst_));
}

bool RateLimiter::try_acquire(std::int64_t tokens) {
    require_possible(tokens);
    return try_take(detail::require_current_task(), tokens);
}

bool RateLimiter::try_take(detail::TaskCore& task, std::int64_t tokens) {
    if (!binding_.accepts(task)) detail::throw_other_loop(repr());
    if (waiters_.waiting()) return false;
    const Clock::time_point now = task.loop().time();
    level_ = level_at(now);
    looked_at_ = now;
    if (level_ < tokens * token_) return false;
    level_ -= tokens * token_;
    return true;
}

void RateLimiter::give_back(detail::LoopCore& loop, std::int64_t tokens) noexcept {
    const std::int64_t full = burst_ * token_;
    level_ = level_ >= full - tokens * token_ ? full : level_ + tokens * token_;
    serve(loop);
}

std::int64_t RateLimiter::level_at(Clock::time_point now) const noexcept {
    const std::int64_t full = burst_ * token_;
    const std::int64_t elapsed = (now - looked_at_).count();
    // Compared before it is multiplied, which could overflow.
    return level_ >= full || elapsed >= detail::divide_up(full - level_, rate_) ? full : level_ + elapsed * rate_;
}

Clock::time_point RateLimiter::time_of(std::int64_t tokens) const noexcept {
    const std::int64_t missing = std::max<std::int64_t>(0, tokens * token_ - level_);
    return detail::saturating_add(looked_at_, Clock::duration(detail::divide_up(missing, rate_)));
}

/// Each takes its tokens at the moment at which they were there, not when the loop got round to it: a late timer, or a
/// fraction of a tick, costs nobody after it anything.
void RateLimiter::serve(detail::LoopCore& loop) noexcept {
    const Clock::time_point now = loop.time();
    while (detail::ListedWaiter* first = waiters_.first_waiting()) {
        auto& waiter = static_cast<detail::RateLimiterAcquire&>(*first);
        const Clock::time_point due = time_of(waiter.tokens_);
        waiter.disarm();
        if (due > now) return waiter.arm(due);
        level_ += (due - looked_at_).count() * rate_ - waiter.tokens_ * token_;
        looked_at_ = due;
        waiters_.choose();
    }
}

RateLimiterStatistics RateLimiter::statistics() const noexcept {
    const bool running = detail::running_loop != nullptr;
    const std::int64_t level = running ? level_at(detail::running_loop->time()) : level_;
    return {waiters_.statistics(), level / token_};
}

std::string RateLimiter::repr() const {
    return detail::repr_of("RateLimiter", this,
                           "tokens:" + std::to_string(statistics().tokens) + "/" + std::to_string(burst_), waiters_);
}

}  // namespace asyncio
