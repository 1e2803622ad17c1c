#pragma once

#include <asyncio/base/clock.hpp>

namespace asyncio {

class EventLoop;

namespace detail {

/// What the executor floor keeps for a loop: its default executor, and what other threads still owe it. Made there at
/// the first use; the loop only tells it when to end.
class ExecutorHook {
public:
    ExecutorHook() noexcept = default;
    ExecutorHook(const ExecutorHook&) = delete;
    ExecutorHook& operator=(const ExecutorHook&) = delete;
    virtual ~ExecutorHook() = default;

    /// Whether another thread has an answer to bring, to a task that awaits a job for instance.
    [[nodiscard]] virtual bool busy() const noexcept = 0;
    /// How long it pays to look out for the youngest of them, which may come soon, instead of sleeping; else zero.
    [[nodiscard]] virtual Clock::duration time_to_look_out() const noexcept = 0;
    /// While the loop looks out, again and again: looks for answers that no thread brings before it is woken. What is
    /// found goes into the loop's inbox. True: to look on would be in vain.
    [[nodiscard]] virtual bool fetch_answers() noexcept = 0;
    /// The loop looks no more: it sleeps, or has other things to do. Until then it must look now and then.
    virtual void stop_fetching() noexcept = 0;
    /// The loop closes: afterwards no other thread touches it. Shuts the default executor down without waiting.
    virtual void close() noexcept = 0;
    /// A Runner's tear-down: runs the loop until the default executor has no thread left, for five minutes at most.
    virtual void tear_down(EventLoop& loop) = 0;
};

}  // namespace detail
}  // namespace asyncio
