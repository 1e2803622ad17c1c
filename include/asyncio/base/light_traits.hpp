#pragma once

// Parts of <type_traits> and <utility> as the compiler has them built in: libstdc++ makes twenty to thirty classes for
// each type that is asked about, and every file of a user pays for those in our headers.

#include <type_traits>

namespace asyncio::detail {

/// std::is_trivially_destructible_v of a complete type.
template <class T>
inline constexpr bool trivially_destructible =
#if __has_builtin(__is_trivially_destructible)
    __is_trivially_destructible(T);
#elif defined(__GNUC__)
    __has_trivial_destructor(T);
#else
    std::is_trivially_destructible_v<T>;
#endif

/// std::exchange where nothing is thrown.
template <class T>
constexpr T exchanged(T& object, std::type_identity_t<T> value) noexcept {
    T old = static_cast<T&&>(object);
    object = static_cast<T&&>(value);
    return old;
}

}  // namespace asyncio::detail
