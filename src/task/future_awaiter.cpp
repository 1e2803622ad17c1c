#include <asyncio/task/future_awaiter.hpp>

#include <asyncio/base/exceptions.hpp>
#include <asyncio/task/await_edge.hpp>

#include <exception>
#include <string>

namespace asyncio::detail {

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winvalid-offsetof"
AwaitEdge FutureWaiter::edge_{
    &on_done, 1, offsetof(FutureWaiter, task_) - offsetof(FutureWaiter, fire) + offsetof(DoneNode, fire), 0, 0, false};
#pragma GCC diagnostic pop

bool FutureWaiter::enter() noexcept {
    refused_ = &future_->loop() != &task_->loop() || static_cast<FutureCore*>(task_) == future_.get();
    if (refused_) [[unlikely]] {
        task_->wake();
        return false;
    }
    future_->enter(*this);
    return true;
}

/// One iteration after the await; a cancellation that came meanwhile takes precedence.
void FutureWaiter::refuse() {
    task_->resumed();
    if (static_cast<FutureCore*>(task_) == future_.get())
        throw RuntimeError("Task cannot await on itself: " + task_->repr());
    throw RuntimeError(task_->repr() + " got Future " + future_->repr() + " attached to a different loop");
}

TaskCore* FutureWaiter::awaited_task() const noexcept {
    return future_->is_task() ? static_cast<TaskCore*>(future_.get()) : nullptr;
}

void FutureWaiter::on_done(DoneNode& node, Turn turn) noexcept {
    if (turn == Turn::run) static_cast<FutureWaiter&>(node).wake();
}

std::exception_ptr FutureWaiter::failure() {
    if (task_ != nullptr) {
        if (refused_) [[unlikely]]
            refuse();
        using State = FutureCore::State;
        if (future_->state() == State::failed || future_->state() == State::cancelled) [[unlikely]] {
            // What a cancellation of the task replaces counts as taken all the same. But a CancelledError that the
            // future carried to here, a failed gathering too, is the one that was asked for; it is not thrown twice.
            if (is_cancelled_error(future_->outcome_error())) task_->forget_own_cancel();
        }
        if (task_->must_throw()) [[unlikely]]
            return task_->take_pending();
    }
    if (future_->state() == FutureCore::State::pending) [[unlikely]]
        future_->check_result();
    return future_->outcome_error();
}

}  // namespace asyncio::detail
