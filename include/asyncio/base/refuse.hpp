#pragma once

#include <cstddef>
#include <type_traits>

// Functions that exist to be refused with a message that names the mistake. The name of the type that one returns
// should say it too: that is where GCC's message begins. A deleted function does not compile in a `requires` either.
//
// The reason is said where the compiler knows how to: Clang since 19.
#if defined(__clang__) && defined(__cpp_deleted_function)
#define ASYNCIO_REFUSE_BECAUSE(reason, ...)                                                                   \
    _Pragma("clang diagnostic push") _Pragma("clang diagnostic ignored \"-Wc++26-extensions\"") __VA_ARGS__ = \
        delete (reason);                                                                                      \
    _Pragma("clang diagnostic pop")
#else
#define ASYNCIO_REFUSE_BECAUSE(reason, ...) __VA_ARGS__ = delete;
#endif
// For what takes callbacks, and was given a coroutine.
#define ASYNCIO_REFUSE(...) ASYNCIO_REFUSE_BECAUSE("the coroutine would never run: use create_task", __VA_ARGS__)

namespace asyncio::detail {

/// A parameter that takes whatever is a mistake, but only where no other function is meant: POSIX has a `wait`, too,
/// and users have theirs.
struct Anything {
    template <class A>
    Anything(A&&) noexcept;
};

struct NoValue;

/// The T that what has to be awaited is converted to where `co_await` was forgotten: `int n = f();`, `f() + 1`,
/// `if (f())`.
template <class T>
using ValueThatOnlyCoAwaitGives = std::conditional_t<std::is_void_v<T>, NoValue, T>;

/// For a std::tuple_size of such a class, so that `auto [a, b] = f();` is told the same. Its value is private: whoever
/// asks whether it is a tuple does not see it.
template <class Awaitable>
consteval std::size_t refuse_structured_binding() {
    static_assert(!std::is_same_v<Awaitable, Awaitable>,
                  "this has to be awaited before it can be taken apart: write auto [a, b] = co_await …");
    return 1;
}

}  // namespace asyncio::detail

// In a class of what has to be awaited, and then gives a value of that type. No `requires` sees the conversion, but the
// choice between a user's functions does. (Volatile, since a value's own constructor that takes everything is to win.)
#define ASYNCIO_VALUE_ONLY_BY_CO_AWAIT(...)                                                \
    ASYNCIO_REFUSE_BECAUSE("this has to be awaited before it has a value: write co_await", \
                           operator ::asyncio::detail::ValueThatOnlyCoAwaitGives<__VA_ARGS__>() const volatile)
// The same for one that gives an optional value, in `while (auto item = queue.next())`.
#define ASYNCIO_TRUTH_ONLY_BY_CO_AWAIT                                                     \
    ASYNCIO_REFUSE_BECAUSE("this has to be awaited before it has a value: write co_await", \
                           template <class ForgottenCoAwait = void> explicit operator bool() const)
