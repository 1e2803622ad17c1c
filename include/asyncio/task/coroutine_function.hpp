#pragma once

#include <asyncio/task/coro.hpp>

#include <type_traits>
#include <utility>

namespace asyncio {

namespace detail {

/// What calling an F with Args gives, or, without Args, what its only signature says.
template <class F, class... Args>
struct CallResult {
    using type = void;
};
template <class F, class... Args>
    requires std::is_invocable_v<F&, Args...>
struct CallResult<F, Args...> {
    using type = std::invoke_result_t<F&, Args...>;
};

template <class R, class... Args>
R result_of_signature(R (*)(Args...));
template <class R, class... Args>
R result_of_signature(R (*)(Args...) noexcept);
template <class C, class R, class... Args>
R result_of_signature(R (C::*)(Args...));
template <class C, class R, class... Args>
R result_of_signature(R (C::*)(Args...) const);
template <class C, class R, class... Args>
R result_of_signature(R (C::*)(Args...) noexcept);
template <class C, class R, class... Args>
R result_of_signature(R (C::*)(Args...) const noexcept);

template <class F>
    requires(!std::is_invocable_v<F&> && requires(F& function) { result_of_signature(function); })
struct CallResult<F> {
    using type = decltype(result_of_signature(std::declval<F&>()));
};
template <class F>
    requires(!std::is_invocable_v<F&> && requires { result_of_signature(&F::operator()); })
struct CallResult<F> {
    using type = decltype(result_of_signature(&F::operator()));
};

}  // namespace detail

/// True for a callable that returns a Coro: a function, a lambda, a member function, a std::function, and what
/// std::bind_front makes of one. False for a lambda that merely returns a task, and for anything that is no function. A
/// callable whose call operator is a template or overloaded is asked with the types of the arguments,
/// `iscoroutinefunction<int>(f)`; without, as if called with none.
/// Mirrors asyncio.iscoroutinefunction (deprecated since 3.14).
template <class... Args, class F>
[[nodiscard]] constexpr bool iscoroutinefunction(const F&) noexcept {
    return detail::is_coro<std::remove_cvref_t<typename detail::CallResult<std::decay_t<F>, Args...>::type>>;
}

}  // namespace asyncio
