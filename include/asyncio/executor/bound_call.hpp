#pragma once

#include <asyncio/base/invoke.hpp>
#include <asyncio/loop/callback.hpp>
#include <asyncio/task/closure.hpp>
#include <asyncio/task/coro.hpp>

#include <tuple>
#include <type_traits>
#include <utility>

namespace asyncio::detail {

/// A callable with its arguments, decayed and stored by value as std::thread does; called once, as rvalues.
template <class F, class... Args>
class BoundCall {
    using Given = std::invoke_result_t<F, Args...>;

public:
    /// What the call returns; a value where it returns an rvalue reference or a const value.
    using Result = std::conditional_t<std::is_lvalue_reference_v<Given>, Given, std::remove_cvref_t<Given>>;

    template <class G, class... As>
    explicit BoundCall(std::in_place_t, G&& callable, As&&... arguments)
        : parts_(std::forward<G>(callable), std::forward<As>(arguments)...) {}

    Result operator()() {
        return std::apply(
            [](F& callable, Args&... arguments) -> Result {
                if constexpr (std::is_void_v<Result>) {
                    detail::invoke(std::move(callable), std::move(arguments)...);
                } else {
                    return detail::invoke(std::move(callable), std::move(arguments)...);
                }
            },
            parts_);
    }

private:
    std::tuple<F, Args...> parts_;
};

template <class F, class... Args>
using BoundCallOf = BoundCall<std::decay_t<F>, std::decay_t<Args>...>;

/// A coroutine function, or a coroutine: those are for create_task.
template <class F, class... Args>
concept CoroutineIsGivenInsteadOfJob =
    LazyAwaitable<F> ||
    (std::is_invocable_v<std::decay_t<F>, std::decay_t<Args>...> &&
     LazyAwaitable<std::remove_cvref_t<std::invoke_result_t<std::decay_t<F>, std::decay_t<Args>...>>>);

/// What an executor can run: callable once, with the decayed arguments.
template <class F, class... Args>
concept Job = std::is_invocable_v<std::decay_t<F>, std::decay_t<Args>...> && !CoroutineIsGivenInsteadOfJob<F, Args...>;

/// Whether a co_await expression may hold an argument of a job that was deduced as `A&&`.
template <class A>
inline constexpr bool safe_argument =
    temporaries_survive_co_await || std::is_lvalue_reference_v<A> ||
    std::is_trivially_destructible_v<std::remove_reference_t<A>> || !std::is_aggregate_v<std::remove_cvref_t<A>>;
template <class F, class... Args>
inline constexpr bool safe_job = safe_closure<F> && (... && safe_argument<Args>);

template <class F, class... Args>
BoundCallOf<F, Args...> bind_call(F&& callable, Args&&... arguments) {
    require_callable(callable);
    return BoundCallOf<F, Args...>(std::in_place, std::forward<F>(callable), std::forward<Args>(arguments)...);
}

}  // namespace asyncio::detail
