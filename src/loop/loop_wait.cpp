// How the loop waits when it has nothing to do, and what it says when that would be for ever.

#include "base/spin.hpp"
#include "watchers.hpp"

#include <asyncio/base/exceptions.hpp>
#include <asyncio/base/log.hpp>
#include <asyncio/loop/loop_core.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace asyncio::detail {

namespace {

/// After looks in vain it sleeps at once, twice as often each time, this often at most.
constexpr std::uint32_t longest_without_look_out = 1023;

}  // namespace

/// Blocks only when there is nothing to do; other threads wake the loop only then.
void LoopCore::wait_for_events() {
    const bool work = !ready_.empty() || stopping_ || !idle_waiters.empty();
    if (executors != nullptr) {
        if (!work) look_out();
        // Who has found answers goes on looking, unless it sleeps now, or has other things to do.
        if (work || inbox_.empty()) executors->stop_fetching();
    }
    const bool busy = work || !inbox_.may_sleep();
    struct Awake {
        Inbox* inbox;
        ~Awake() {
            if (inbox != nullptr) inbox->awake();
        }
    } const afterwards{busy ? nullptr : &inbox_};
    Clock::time_point deadline = busy ? Clock::time_point::min() : wait_deadline();
    if (deadline == Clock::time_point::max()) {
        before_endless_wait();
        // Whoever reads the log may have done something about it, or sent a job.
        if (executors != nullptr) executors->stop_fetching();
        if (!ready_.empty() || !timers_.empty() || stopping_) deadline = Clock::time_point::min();
    }
    driver_->wait(deadline);
}

/// For the answer to a job that takes hardly any time.
void LoopCore::look_out() noexcept {
    static const bool spins = others_can_work();
    const Clock::duration limit = executors->time_to_look_out();
    if (!spins || limit == Clock::duration::zero()) return;
    if (sleeps_without_look_out_ > 0) {
        --sleeps_without_look_out_;
        return;
    }
    static_cast<void>(spin_until([this] { return !inbox_.empty() || executors->fetch_answers(); }, limit));
    const bool came = !inbox_.empty();
    look_out_pause_ = came ? 0 : std::min(2 * look_out_pause_ + 1, longest_without_look_out);
    sleeps_without_look_out_ = look_out_pause_;
}

Clock::time_point LoopCore::wait_deadline() noexcept {
    constexpr auto longest_wait = std::chrono::hours(24);
    if (timers_.empty() || timers_.next_deadline() == Clock::time_point::max()) return Clock::time_point::max();
    return std::min(timers_.next_deadline(), saturating_add(now_, longest_wait));
}

/// Nothing is ready and no timer is set.
void LoopCore::before_endless_wait() {
    if (driver_->may_block_for_ever()) {
        if (debug) [[unlikely]]
            report_deadlocks();
        return;
    }
    std::string text = "the loop would wait for ever: no handle is ready, no timer is set and no I/O is pending";
    if (describe_tasks != nullptr) text += describe_tasks(*this);
    if (describe_deadlocks != nullptr)
        for (const std::string& deadlock : describe_deadlocks(*this)) text += "\n" + deadlock;
    throw RuntimeError(text);
}

/// Unless I/O or another thread's answer is still to come: what that leads to may help. A signal, or a call from a
/// thread that nobody knows of, may help, too; but nobody waits for those.
void LoopCore::report_deadlocks() noexcept {
    if (describe_deadlocks == nullptr || !watchers_->empty() || driver_->io_pending()) return;
    if (executors != nullptr && executors->busy()) return;
    try {
        std::vector<std::string> found = describe_deadlocks(*this);
        for (const std::string& deadlock : found)
            if (std::find(reported_deadlocks_.begin(), reported_deadlocks_.end(), deadlock) ==
                reported_deadlocks_.end())
                log(LogLevel::error, deadlock);
        reported_deadlocks_ = std::move(found);
    } catch (...) {
        // Out of memory: no report.
    }
}

}  // namespace asyncio::detail
