#pragma once

#include <asyncio/task/coro.hpp>

#include <functional>
#include <type_traits>

namespace asyncio {

namespace detail {

/// What calling an F gives, when that can be told without knowing the arguments: F is a function, a pointer to one, a
/// class with one operator(), or something that can be called without arguments (such as a std::bind).
template <class F>
struct ReturnOf {
    using type = void;
};
template <class F>
    requires std::is_invocable_v<F&>
struct ReturnOf<F> {
    using type = std::invoke_result_t<F&>;
};
template <class F>
    requires(!std::is_invocable_v<F&> && requires { std::function(std::declval<F>()); })
struct ReturnOf<F> {
    using type = typename decltype(std::function(std::declval<F>()))::result_type;
};
template <class R, class C, class... Args>
struct ReturnOf<R (C::*)(Args...)> {
    using type = R;
};
template <class R, class C, class... Args>
struct ReturnOf<R (C::*)(Args...) const> {
    using type = R;
};

}  // namespace detail

/// True for a callable that returns a Coro: a coroutine function, also bound or inside a std::function; false for one
/// that returns a Task. A generic lambda that needs arguments cannot be told: false.
/// Mirrors asyncio.iscoroutinefunction (deprecated in 3.14).
template <class F>
[[nodiscard]] constexpr bool iscoroutinefunction(const F&) noexcept {
    return detail::is_coro<std::remove_cvref_t<typename detail::ReturnOf<std::decay_t<F>>::type>>;
}

}  // namespace asyncio
