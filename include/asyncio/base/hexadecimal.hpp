#pragma once

#include <cstdint>
#include <string>

namespace asyncio::detail {

/// "0x2a", without leading zeros.
[[nodiscard]] std::string hexadecimal(std::uint64_t number);
/// The same of an address, as text forms show which object it is.
[[nodiscard]] inline std::string hexadecimal(const void* address) {
    return hexadecimal(static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(address)));
}

}  // namespace asyncio::detail
