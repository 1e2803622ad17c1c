#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <typeinfo>
#include <vector>

namespace asyncio::detail {

/// One call on a stack, also an inlined one. What is not known is empty or 0.
struct StackEntry {
    std::string function;  // demangled
    std::string file;
    int line = 0;
};

/// Return addresses of this thread's stack from the caller of the caller on, without allocating; how many.
[[nodiscard]] std::size_t capture_stack(std::span<void*> addresses) noexcept;
/// Innermost first. Empty when this build of the library cannot read debug information. Throws std::bad_alloc.
[[nodiscard]] std::vector<StackEntry> resolve_stack(std::span<void* const> addresses);
/// The function that begins at `address`, or "".
[[nodiscard]] std::string function_at(const void* address);
/// What a mangled name stands for, or the name itself.
[[nodiscard]] std::string demangle(const char* name);
/// The name of an exception's type, as the program knows it: one that came from another process is of a class around
/// that type.
[[nodiscard]] std::string exception_name(const std::type_info& type);

}  // namespace asyncio::detail
