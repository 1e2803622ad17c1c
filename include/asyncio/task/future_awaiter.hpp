#pragma once

#include <asyncio/task/future_core.hpp>
#include <asyncio/task/waiter.hpp>

#include <coroutine>
#include <exception>
#include <type_traits>
#include <utility>

namespace asyncio::detail {

/// Waits for a future; the untyped part.
class FutureWaiter : public Waiter, public DoneNode {
public:
    FutureWaiter(FuturePtr future, bool may_move) noexcept
        : DoneNode(&on_done),
          future_(std::move(future)),
          may_move_(may_move) {}

    [[nodiscard]] bool await_ready() const noexcept { return future_->done(); }

    template <class P>
    void await_suspend(std::coroutine_handle<P> handle) {
        task_ = &require_current_task();
        task_->suspend(handle.promise(), enter() ? this : nullptr);
    }

    bool cancel(std::string_view message) noexcept override { return future_->cancel(message); }
    [[nodiscard]] TaskCore* awaited_task() const noexcept override;
    [[nodiscard]] FutureCore* awaited_future() const noexcept override { return future_.get(); }

protected:
    ~FutureWaiter() = default;
    /// Throws what the wait ended with, if it is no result; from the coroutine itself, as TaskCore::resumed() does.
    [[gnu::always_inline]] void check() {
        const bool goes_on = task_ == nullptr || !(refused_ || task_->must_throw());
        if (goes_on && future_->state() == FutureCore::State::finished) [[likely]]
            return;
        if (std::exception_ptr error = failure()) [[unlikely]]
            std::rethrow_exception(to_throw(error));
    }

    FuturePtr future_;
    bool may_move_;

private:
    /// Enters the future's list; false when the task may not wait for this future and was woken to throw.
    [[nodiscard]] bool enter() noexcept;
    [[nodiscard]] std::exception_ptr failure();
    [[noreturn]] void refuse();
    friend DoneNodeNames;
    static void on_done(DoneNode& node, Turn turn) noexcept;

    static AwaitEdge edge_;

    bool refused_ = false;
};

template <class T>
class FutureAwaiter final : public FutureWaiter {
public:
    using FutureWaiter::FutureWaiter;

    T await_resume() {
        check();
        auto& slot = static_cast<Slot<T>&>(future_->slot());
        if constexpr (std::is_void_v<T> || std::is_reference_v<T>) {
            return slot.take();
        } else if constexpr (!is_copyable<T>) {
            return slot.take();
        } else {
            if (may_move_ && !future_->shared()) return slot.take();
            return slot.get();
        }
    }
};

}  // namespace asyncio::detail
