#pragma once

#include <asyncio/base/frame_pool.hpp>
#include <asyncio/task/closure.hpp>
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
/// An awaiter of this library, which knows how to suspend a task and how to wake it: it says so by a member type
/// `asyncio_awaiter`. Any other one that suspends would never be resumed, or by whoever knows nothing of tasks.
template <class A>
concept Awaiter = std::is_same_v<A, std::suspend_never> || requires(A& awaiter) {
    typename A::asyncio_awaiter;
    { awaiter.await_ready() } -> std::convertible_to<bool>;
    awaiter.await_resume();
};

template <class A>
using MemberAwaiter = decltype(std::declval<A>().operator co_await());
template <class A>
using FreeAwaiter = decltype(operator co_await(std::declval<A>()));

/// What `await_transform` refuses, in the words of the first line of the compiler's message.
template <class A>
inline constexpr bool is_awaitable_in_a_coro = Awaiter<std::remove_reference_t<A>>;
template <HasMemberCoAwait A>
inline constexpr bool is_awaitable_in_a_coro<A> = Awaiter<std::remove_reference_t<MemberAwaiter<A>>>;
template <class A>
    requires(!HasMemberCoAwait<A> && HasFreeCoAwait<A>)
inline constexpr bool is_awaitable_in_a_coro<A> = Awaiter<std::remove_reference_t<FreeAwaiter<A>>>;

[[noreturn]] void throw_already_awaited(const char* what = "coroutine");

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
    auto await_transform(A&& awaitable, std::source_location place = std::source_location::current()) {
        static_assert(
            is_awaitable_in_a_coro<A>,
            "this cannot be awaited: it is not awaitable in asyncio::Coro. Await a Coro (of a function: call it), a "
            "Future, a Task, or what a function of asyncio returns for it");
        require_safe_handle<A>();
        where = place;
        if constexpr (!is_awaitable_in_a_coro<A>) {
            return std::suspend_never();  // spares the reader further messages
        } else if constexpr (HasMemberCoAwait<A>) {
            return std::forward<A>(awaitable).operator co_await();
        } else if constexpr (HasFreeCoAwait<A>) {
            return operator co_await(std::forward<A>(awaitable));
        } else {
            return AwaitInPlace<std::remove_reference_t<A>>(awaitable);
        }
    }

    /// The mistake of co_yield in a Coro; an AsyncGenerator has one of its own.
    template <class U>
    std::suspend_never yield_value(U&&) {
        static_assert(
            std::is_void_v<U>,
            "co_yield needs a function that returns asyncio::AsyncGenerator<T>; what returns asyncio::Coro<T> "
            "gives its one value by co_return");
        return {};
    }

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

/// What `co_await` accepts inside a coroutine of this library: its coroutines, futures and tasks, what its functions
/// return to be awaited, and classes whose `operator co_await` returns one of them or what that returns.
///
/// An awaiter of your own is accepted when it declares `using asyncio_awaiter = void;`, and with that promises never
/// to suspend (`await_ready()` gives true). To wait for something outside of asyncio, make a Future and set its result
/// with `loop.call_soon_threadsafe`.
template <class A>
concept Awaitable = detail::is_awaitable_in_a_coro<A>;

/// What awaiting an A gives.
template <Awaitable A>
using AwaitResult = decltype(std::declval<detail::PromiseBase&>().await_transform(std::declval<A>()).await_resume());

}  // namespace asyncio
