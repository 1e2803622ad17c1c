#pragma once

#include <asyncio/task/promise.hpp>
#include <asyncio/task/task_core.hpp>

#include <coroutine>
#include <string_view>

namespace asyncio::detail {

struct Blockers;

/// What a suspended task waits for. Lives inside the awaiting coroutine's frame; suspending and waking allocate
/// nothing.
///
/// A waiter is derived from this, and awaited directly:
///
///     await_ready()    true if there is nothing to wait for
///     await_suspend(h) enters itself wherever it will be woken from, then calls suspend(h)
///     (later)          whoever completes it calls wake() once; the task runs in the next iteration
///     await_resume()   calls resumed() first, which throws CancelledError when the wait was cancelled
///     destructor       leaves wherever it is entered, since the frame may be destroyed while it waits; and then calls
///                      destroyed_while_waiting(), since it may not be in the frame. (Not for awaiters that only
///                      the library makes: those are in the frame.)
///
/// Waking never resumes inline. Between wake() and await_resume() the task may still be cancelled: then cancel() finds
/// the waiter woken and declines, and resumed() throws in place of the result.
class Waiter {
public:
    using asyncio_awaiter = void;

    Waiter() noexcept = default;
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;

    /// The task is being cancelled. A waiter that still waits leaves wherever it is entered, calls accept_cancel() and
    /// returns true; one that has been woken returns false.
    virtual bool cancel(std::string_view message) noexcept = 0;

    /// The task that is awaited, when it is one: cancelling goes on to that.
    [[nodiscard]] virtual TaskCore* awaited_task() const noexcept { return nullptr; }
    /// The future or task that is awaited, for introspection.
    [[nodiscard]] virtual FutureCore* awaited_future() const noexcept { return nullptr; }
    /// What stands against the end of the wait, besides what an AwaitEdge shows; for find_deadlocks.
    virtual void name_blockers(Blockers&) const {}

    [[nodiscard]] TaskCore* task() const noexcept { return task_; }

protected:
    ~Waiter() = default;

    /// Throws RuntimeError when no task runs, or when this object was awaited before: like a coroutine it is for one
    /// await. Call before anything is entered anywhere.
    void bind_to_current_task() {
        if (task_ != nullptr) [[unlikely]]
            throw_already_awaited();
        task_ = &require_current_task();
    }

    /// The task leaves; call last in await_suspend, when cancel() may be called.
    template <class P>
    void suspend(std::coroutine_handle<P> handle) noexcept {
        task_->suspend(handle.promise(), this);
    }
    void wake() noexcept { task_->wake(); }
    /// Wakes the task with CancelledError(message).
    void accept_cancel(std::string_view message) noexcept { task_->wake_with_cancel(message); }
    [[gnu::always_inline]] void resumed() { task_->resumed(); }
    /// For destructors of what is entered somewhere and has not been woken: such a task is alive.
    void destroyed_while_waiting() noexcept { task_->lose(*this); }

    TaskCore* task_ = nullptr;
};

}  // namespace asyncio::detail
