#include "byte_range.hpp"

#include <algorithm>
#include <charconv>

namespace static_server {

namespace {

std::optional<std::uint64_t> parse_number(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

}  // namespace

RangeRequest parse_range(std::string_view header, std::uint64_t size) {
    const RangeRequest whole{RangeKind::whole, {0, size}};
    constexpr std::string_view unit = "bytes=";
    if (!header.starts_with(unit)) return whole;
    const std::string_view range = header.substr(unit.size());
    const std::size_t dash = range.find('-');
    // Several ranges would make a multipart answer; the standard lets a server send the whole file instead.
    if (dash == std::string_view::npos || range.find(',') != std::string_view::npos) return whole;

    const auto first = parse_number(range.substr(0, dash));
    const auto last = parse_number(range.substr(dash + 1));
    if (dash == 0) {  // the last so many bytes
        if (!last) return whole;
        if (*last == 0 || size == 0) return {RangeKind::unsatisfiable, {}};
        const std::uint64_t length = std::min(*last, size);
        return {RangeKind::part, {size - length, length}};
    }
    const bool is_open = dash + 1 == range.size();
    if (!first || (!is_open && (!last || *last < *first))) return whole;
    if (*first >= size) return {RangeKind::unsatisfiable, {}};
    const std::uint64_t end = is_open ? size : std::min(*last, size - 1) + 1;
    return {RangeKind::part, {*first, end - *first}};
}

}  // namespace static_server
