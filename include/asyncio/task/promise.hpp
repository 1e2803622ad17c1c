#pragma once

#include <asyncio/base/frame_pool.hpp>
#include <asyncio/base/refuse.hpp>
#include <asyncio/task/slot.hpp>
#include <asyncio/task/transfer.hpp>

#include <concepts>
#include <coroutine>
#include <exception>
#include <source_location>
#include <type_traits>
#include <utility>

namespace asyncio {
namespace detail {

class PromiseBase;

template <class A>
concept HasMemberCoAwait = requires(A&& awaitable) { std::forward<A>(awaitable).operator co_await(); };
template <class A>
concept HasFreeCoAwait = requires(A&& awaitable) { operator co_await(std::forward<A>(awaitable)); };
/// An awaiter of this library: knows how to suspend a task.
template <class A>
concept Awaiter = requires(A& awaiter) {
    { awaiter.await_ready() } -> std::convertible_to<bool>;
    awaiter.await_resume();
};

/// What co_await of anything else would give: GCC's message begins with it.
struct ThisCannotBeAwaited;

/// Stands for an awaiter that is awaited directly. GCC 12 would move the awaiter itself into a second place of the
/// frame; a pointer is smaller and leaves it where it is.
template <class A>
class AwaitInPlace {
public:
    explicit AwaitInPlace(A& awaiter) noexcept : awaiter_(&awaiter) {}
    [[nodiscard]] bool await_ready() { return awaiter_->await_ready(); }
    template <class P>
    auto await_suspend(std::coroutine_handle<P> handle) {
        return awaiter_->await_suspend(handle);
    }
    decltype(auto) await_resume() { return awaiter_->await_resume(); }

private:
    A* awaiter_;
};

/// Hands control back to the caller, or to the task when there is none.
struct FinalAwaiter {
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <class P>
    [[gnu::always_inline]] std::coroutine_handle<> await_suspend(std::coroutine_handle<P> handle) const noexcept;
    void await_resume() const noexcept {}
};

/// The untyped part of every coroutine of this library. The chain of callers, each with the place of its `co_await`,
/// is the asynchronous stack.
///
/// Has the same layout and alignment in every Promise<T>, since the value goes to the slot and not into the promise;
/// so a PromiseBase* finds the coroutine of any of them.
class PromiseBase : public Pooled {
public:
    PromiseBase() noexcept = default;

    std::suspend_always initial_suspend() const noexcept { return {}; }
    FinalAwaiter final_suspend() const noexcept { return {}; }
    void unhandled_exception() noexcept { slot->error = std::current_exception(); }

    template <class A>
        requires HasMemberCoAwait<A>
    auto await_transform(A&& awaitable, std::source_location place = std::source_location::current()) {
        where = place;
        return std::forward<A>(awaitable).operator co_await();
    }
    template <class A>
        requires HasFreeCoAwait<A>
    auto await_transform(A&& awaitable, std::source_location place = std::source_location::current()) {
        where = place;
        return operator co_await(std::forward<A>(awaitable));
    }
    template <class A>
        requires(!HasMemberCoAwait<A> && !HasFreeCoAwait<A> && Awaiter<std::remove_reference_t<A>>)
    auto await_transform(A&& awaiter, std::source_location place = std::source_location::current()) {
        where = place;
        return AwaitInPlace<std::remove_reference_t<A>>(awaiter);
    }
    /// Anything else: the first line of the message says it.
    template <class A>
        requires(!HasMemberCoAwait<A> && !HasFreeCoAwait<A> && !Awaiter<std::remove_reference_t<A>>)
    ASYNCIO_REFUSE_BECAUSE("this cannot be awaited: it is neither a coroutine nor a future nor another awaitable",
                           ThisCannotBeAwaited await_transform(A&&))

    [[nodiscard]] std::coroutine_handle<> handle() noexcept {
        return std::coroutine_handle<PromiseBase>::from_promise(*this);
    }

    /// Whether this coroutine, which the task with that slot is in, is an async generator: the slot of a request names
    /// no child. (That of a task names only one of several coroutines when a task factory wraps them.)
    [[nodiscard]] bool is_generator(const SlotBase& of_task) const noexcept {
        return slot != nullptr && slot != &of_task && slot->child != this;
    }

    PromiseBase* caller = nullptr;
    std::source_location where;  // of the co_await it is suspended at; before the first one, of the function
    SlotBase* slot = nullptr;
};

template <class P>
inline std::coroutine_handle<> FinalAwaiter::await_suspend(std::coroutine_handle<P> handle) const noexcept {
    PromiseBase* caller = static_cast<PromiseBase&>(handle.promise()).caller;
    if (caller == nullptr) return std::noop_coroutine();
    return transfer(caller->handle());
}

/// Destroys a suspended chain of coroutines, from the innermost one outwards: destructors run innermost first, and a
/// chain of any depth takes no stack.
void destroy_chain(PromiseBase* innermost) noexcept;

}  // namespace detail

/// What `co_await` accepts inside a coroutine of this library.
template <class A>
concept Awaitable =
    requires(detail::PromiseBase& promise, A&& awaitable) { promise.await_transform(std::forward<A>(awaitable)); };

/// What awaiting an A gives.
template <Awaitable A>
using AwaitResult = decltype(std::declval<detail::PromiseBase&>().await_transform(std::declval<A>()).await_resume());

}  // namespace asyncio
