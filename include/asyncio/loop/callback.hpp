#pragma once

#include <asyncio/base/context.hpp>
#include <asyncio/base/refuse.hpp>

#include <concepts>
#include <type_traits>
#include <utility>

namespace asyncio::detail {

template <class F, class... Args>
concept CallableWith = std::is_invocable_v<std::decay_t<F>&, std::decay_t<Args>&...>;

template <class T>
concept HasCoAwait = requires { std::declval<T>().operator co_await(); } ||
                     requires { operator co_await(std::declval<T>()); } || requires(T& awaiter) {
                         { awaiter.await_ready() } -> std::convertible_to<bool>;
                         awaiter.await_resume();
                     };

/// What does nothing until it is awaited: a Coro, or what sleep() returns. Futures and tasks go on by themselves.
template <class T>
concept LazyAwaitable =
    std::is_class_v<std::remove_cvref_t<T>> && HasCoAwait<T> && !requires(T& value) { value.done(); };

/// A call whose result nobody would await.
template <class F, class... Args>
concept DropsCoroutine =
    CallableWith<F, Args...> && LazyAwaitable<std::invoke_result_t<std::decay_t<F>&, std::decay_t<Args>&...>>;

/// What the loop may call: a coroutine function is for create_task.
template <class F, class... Args>
concept Callback = CallableWith<F, Args...> && !DropsCoroutine<F, Args...>;

/// What may stand before a callback: a context, a descriptor, a delay or a time.
template <class T>
concept BeforeCallback = std::derived_from<T, Context> || std::integral<T> || requires { typename T::period; };

template <class... A>
inline constexpr bool coroutine_is_given = false;
template <class F, class... Args>
inline constexpr bool coroutine_is_given<F, Args...> = LazyAwaitable<F> || DropsCoroutine<F, Args...>;
template <class B, class... A>
    requires BeforeCallback<std::remove_cvref_t<B>>
inline constexpr bool coroutine_is_given<B, A...> = coroutine_is_given<A...>;

/// The mistake in `call_soon(f())` and `call_soon(f)` for a coroutine function f.
template <class... A>
concept CoroutineIsGivenInsteadOfCallback = coroutine_is_given<A...>;

/// What the functions return that refuse it: GCC says so in the first line of its message.
struct TheCoroutineWouldNeverRunUseCreateTask;

}  // namespace asyncio::detail
