#pragma once

#include <source_location>
#include <string>

namespace asyncio::detail {

/// The plain name of the function that a place lies in: no return type, no parameters, nothing of what the compiler
/// makes of a coroutine.
[[nodiscard]] std::string function_name(const std::source_location& place);

}  // namespace asyncio::detail
