#pragma once

#include <type_traits>

namespace asyncio::detail {

// GCC before 14 destroys a temporary aggregate, or a temporary closure, twice when it is an argument inside a co_await
// expression, if its destruction does anything. Classes with a constructor are not affected, named objects neither.
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 14
inline constexpr bool temporaries_survive_co_await = false;
#else
inline constexpr bool temporaries_survive_co_await = true;
#endif

/// True when an argument deduced as `F&&` may be a temporary callable inside a co_await expression. A closure with
/// captures has no default constructor, which tells it from std::function and the like.
template <class F>
inline constexpr bool safe_closure =
    temporaries_survive_co_await || std::is_lvalue_reference_v<F> ||
    std::is_trivially_destructible_v<std::remove_reference_t<F>> ||
    (std::is_default_constructible_v<std::remove_cvref_t<F>> && !std::is_aggregate_v<std::remove_cvref_t<F>>);

/// Refuses, at compile time, a callable that is not a safe_closure.
template <class F>
consteval void require_safe_closure() {
    static_assert(safe_closure<F>,
                  "GCC before 14 destroys a temporary lambda twice inside co_await: name the lambda first "
                  "(auto body = [x]() -> asyncio::Coro<> { ... };) and pass the name, or capture by reference");
}

// What makes a task of a closure is right on a line of its own, `auto task = create_task([x]() -> Coro<> { … });`, and
// wrong inside a co_await expression. It cannot see where it stands; so it returns a handle that is const, and what
// awaits refuses temporaries that are. `auto task` drops the const: neither `co_await task` nor
// `co_await std::move(task)` is refused.

/// What a function returns that makes a Handle of an argument: `safe` tells whether a co_await expression may hold it.
template <class Handle, bool safe>
using MadeOf = std::conditional_t<safe, Handle, const Handle>;

/// False for such a const handle, as a temporary. Handles tell of themselves by a member type `const_before_named`.
template <class A>
inline constexpr bool safe_handle =
    temporaries_survive_co_await || std::is_lvalue_reference_v<A> || !std::is_const_v<std::remove_reference_t<A>> ||
    !requires { typename std::remove_cvref_t<A>::const_before_named; };

/// Refuses, at compile time, what is not a safe_handle.
template <class A>
consteval void require_safe_handle() {
    static_assert(
        safe_handle<A>,
        "GCC before 14 destroys a temporary lambda or aggregate twice inside co_await: name the task or future "
        "first (auto task = asyncio::create_task([x]() -> asyncio::Coro<> { ... });) and co_await its name, "
        "or name the lambda");
}

/// The same for a range, such as a temporary std::array of tasks.
template <class R>
consteval void require_safe_range() {
    static_assert(temporaries_survive_co_await || std::is_lvalue_reference_v<R> ||
                      std::is_trivially_destructible_v<std::remove_reference_t<R>> ||
                      !std::is_aggregate_v<std::remove_cvref_t<R>>,
                  "GCC before 14 destroys a temporary std::array twice inside co_await: name it first, or pass a "
                  "std::vector");
}

}  // namespace asyncio::detail
