#pragma once

#include <asyncio/base/standard/chrono.hpp>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <type_traits>

namespace asyncio {

/// The clock of `loop.time()`: monotonic, never adjusted. A simulated loop uses the same type with a virtual value.
/// Mirrors the clock behind asyncio's `loop.time()`.
using Clock = std::chrono::steady_clock;

/// A time limit; `std::nullopt` means none (Python's `None`).
using TimeLimit = std::optional<Clock::duration>;

namespace detail {

/// The clock's value `delay` after `now`; saturates instead of overflowing, so that `duration::max()` means never.
constexpr Clock::time_point saturating_add(Clock::time_point now, Clock::duration delay) noexcept {
    Clock::rep sum = 0;
    if (__builtin_add_overflow(now.time_since_epoch().count(), delay.count(), &sum))
        return delay.count() > 0 ? Clock::time_point::max() : Clock::time_point::min();
    return Clock::time_point(Clock::duration(sum));
}

/// Converts any duration to the clock's, saturating. Throws std::invalid_argument for a floating point NaN.
template <class Rep, class Period>
constexpr Clock::duration to_clock_duration(std::chrono::duration<Rep, Period> value) noexcept(
    !std::chrono::treat_as_floating_point_v<Rep>) {
    using Seconds = std::chrono::duration<double>;
    if constexpr (std::chrono::treat_as_floating_point_v<Rep>) {
        if (value != value) throw std::invalid_argument("Invalid delay: NaN (not a number)");
    } else if constexpr (std::is_signed_v<Rep> && sizeof(Rep) <= sizeof(Clock::rep) && Clock::period::num == 1 &&
                         Clock::period::den % Period::den == 0 &&
                         Period::num <= INT64_MAX / (Clock::period::den / Period::den)) {
        // Without floating point: it is on the way of every timer. And without chrono's operators and casts, which cost
        // the compiler much.
        constexpr Clock::rep ticks = Period::num * (Clock::period::den / Period::den);
        if (value.count() >= INT64_MAX / ticks) return Clock::duration::max();
        if (value.count() <= INT64_MIN / ticks) return Clock::duration::min();
        return Clock::duration(value.count() * ticks);
    }
    if (std::chrono::duration_cast<Seconds>(value) >= std::chrono::duration_cast<Seconds>(Clock::duration::max()))
        return Clock::duration::max();
    if (std::chrono::duration_cast<Seconds>(value) <= std::chrono::duration_cast<Seconds>(Clock::duration::min()))
        return Clock::duration::min();
    return std::chrono::duration_cast<Clock::duration>(value);
}

}  // namespace detail
}  // namespace asyncio
