#include "http_date.hpp"

#include <array>
#include <cstdio>

namespace static_server {

namespace {

constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

}  // namespace

std::string format_http_date(std::time_t time) {
    std::tm parts{};
    ::gmtime_r(&time, &parts);
    std::array<char, 64> text;
    const int length = std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                                     days[static_cast<std::size_t>(parts.tm_wday)], parts.tm_mday,
                                     months[static_cast<std::size_t>(parts.tm_mon)], parts.tm_year + 1900,
                                     parts.tm_hour, parts.tm_min, parts.tm_sec);
    return {text.data(), static_cast<std::size_t>(length)};
}

std::optional<std::time_t> parse_http_date(std::string_view text) {
    std::tm parts{};
    std::array<char, 4> month{};
    const std::string copy(text);  // sscanf needs the end marked
    if (std::sscanf(copy.c_str(), "%*3s, %2d %3s %4d %2d:%2d:%2d GMT", &parts.tm_mday, month.data(), &parts.tm_year,
                    &parts.tm_hour, &parts.tm_min, &parts.tm_sec) != 6) {
        return std::nullopt;
    }
    while (parts.tm_mon < 12 && months[static_cast<std::size_t>(parts.tm_mon)] != std::string_view(month.data()))
        ++parts.tm_mon;
    if (parts.tm_mon == 12) return std::nullopt;
    parts.tm_year -= 1900;
    const std::time_t time = ::timegm(&parts);
    // Whatever was out of range ("31 Feb") or had another form reads differently when it is written again.
    if (format_http_date(time) != text) return std::nullopt;
    return time;
}

}  // namespace static_server
