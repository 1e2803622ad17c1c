#pragma once

#include <source_location>
#include <string>
#include <string_view>

namespace asyncio::detail {

/// The plain name of the function that a place lies in: no return type, no parameters, nothing of what the compiler
/// makes of a coroutine.
[[nodiscard]] std::string function_name(std::string_view function);
[[nodiscard]] inline std::string function_name(const std::source_location& place) {
    return function_name(std::string_view(place.function_name()));
}

}  // namespace asyncio::detail
