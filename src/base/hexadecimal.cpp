#include <asyncio/base/hexadecimal.hpp>

#include <array>
#include <charconv>

namespace asyncio::detail {

std::string hexadecimal(std::uint64_t number) {
    std::array<char, 2 * sizeof number> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, 16).ptr;
    return "0x" + std::string(digits.data(), end);
}

}  // namespace asyncio::detail
