// How a task is cancelled: the request, where it goes, and what the next step finds.

#include <asyncio/base/exceptions.hpp>
#include <asyncio/task/gather.hpp>
#include <asyncio/task/task_core.hpp>
#include <asyncio/task/waiter.hpp>

#include <bit>
#include <cstdint>
#include <exception>
#include <string_view>
#include <utility>

namespace asyncio::detail {

void TaskCore::wake_with_cancel(std::string_view message) noexcept {
    wake_with(make_cancelled_error(message));
}

void TaskCore::wake_with(std::exception_ptr cancelled) noexcept {
    if ((pending_ & must_cancel) == 0) pending_error_ = std::move(cancelled);
    pending_ |= cancelled_wait;
    loop_->keep_order();
    wake();
}

std::exception_ptr TaskCore::take_pending() noexcept {
    // The cancellation of a waiter consumes a cancel() that came after it as well.
    pending_ = 0;
    return std::exchange(pending_error_, nullptr);
}

bool TaskCore::cancel(std::string_view message) noexcept {
    TaskCore* asking = nullptr;
    GatherCore* gathering = nullptr;
    if (!begin_cancel(message, asking, gathering)) return false;
    if (gathering != nullptr) gathering->cancel_for(asking, message);
    return true;
}

bool TaskCore::begin_cancel(std::string_view message, TaskCore*& asking, GatherCore*& gathering) noexcept {
    if (loop_->refuse_thread("cancel()")) return false;
    report_unretrieved_ = false;
    if (done()) return false;
    // Along a chain of tasks that await tasks without recursion, however long it is. Tasks that await each other would
    // lead round for ever: a mark that moves on at every power of two is met again then (Brent).
    const TaskCore* mark = this;
    std::uint64_t steps = 0;
    for (TaskCore* task = this;;) {
        ++task->cancel_requests_;
        if (task->waiter_ == nullptr) {
            task->cancel_not_accepted(message);
            return true;
        }
        TaskCore* awaited = task->waiter_->awaited_task();
        if (awaited == nullptr || awaited->done()) {
            FutureCore* const future = task->waiter_->awaited_future();
            gathering = future != nullptr ? future->gathering() : nullptr;
            if (gathering != nullptr) {
                asking = task;
            } else if (!task->waiter_->cancel(message)) {
                task->cancel_not_accepted(message);
            }
            return true;
        }
        if (awaited == mark) {
            task->cancel_came_round(message);
            return true;
        }
        if (std::has_single_bit(++steps)) mark = awaited;
        task = awaited;
    }
}

/// The next step will throw.
void TaskCore::cancel_not_accepted(std::string_view message) noexcept {
    pending_ |= must_cancel;
    // A wait that was cancelled keeps its message, a wake-up that is replaced takes the last one (TASK-12).
    if ((pending_ & cancelled_wait) == 0) pending_error_ = make_cancelled_error(message);
}

/// It waits for itself in the end: nobody in the ring can ever go on but by this.
void TaskCore::cancel_came_round(std::string_view message) noexcept {
    waiter_ = nullptr;
    wake_with_cancel(message);
}

std::uint32_t TaskCore::uncancel() noexcept {
    if (cancel_requests_ == 0) return 0;
    if (--cancel_requests_ == 0 && (pending_ & must_cancel) != 0) {
        pending_ &= cancelled_wait;
        if (pending_ == 0) pending_error_ = nullptr;
    }
    return cancel_requests_;
}

/// The step that now suspends was cancelled before: the wait is, too.
void TaskCore::pass_on_cancel() noexcept {
    if (waiter_ == nullptr) return;
    const std::exception_ptr error = std::exchange(pending_error_, nullptr);
    std::string_view message;  // inside the exception, which `error` keeps
    try {
        std::rethrow_exception(error);
    } catch (const CancelledError& cancelled) {
        message = cancelled.message();
    } catch (...) {
        // std::bad_alloc took its place: no message.
    }
    pending_ &= cancelled_wait;
    if (waiter_->cancel(message)) return;
    pending_ |= must_cancel;
    if ((pending_ & cancelled_wait) == 0) pending_error_ = error;
}

}  // namespace asyncio::detail
