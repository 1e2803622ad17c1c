#pragma once

#include <cstdint>
#include <source_location>
#include <string>
#include <string_view>

namespace asyncio::detail {

/// The plain name of a function that the compiler, or a demangled symbol, describes: no return type, no parameters, no
/// template arguments, no unnamed namespaces, nothing of what GCC makes of a coroutine. A lambda is `<lambda>` behind
/// the function it stands in: "main::<lambda>".
[[nodiscard]] std::string function_name(std::string_view description);
[[nodiscard]] inline std::string function_name(const std::source_location& place) {
    return function_name(std::string_view(place.function_name()));
}

/// "file:line".
[[nodiscard]] std::string file_and_line(std::string_view file, std::uint_least32_t line);
[[nodiscard]] inline std::string file_and_line(const std::source_location& place) {
    return file_and_line(place.file_name(), place.line());
}

/// Whether a function, described likewise, is one of the library's own that users have not heard of.
[[nodiscard]] bool is_internal_function(std::string_view description);

/// The name under which a user knows the function: that of the public function behind which an internal one works.
[[nodiscard]] std::string public_function_name(std::string_view description);
[[nodiscard]] inline std::string public_function_name(const std::source_location& place) {
    return public_function_name(std::string_view(place.function_name()));
}

}  // namespace asyncio::detail
