#include "retry.hpp"

#include "ascii.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace crawler {
namespace {

std::optional<int> number(std::string_view text) {
    if (text.empty() || text.size() > 9 || !std::all_of(text.begin(), text.end(), is_digit)) return std::nullopt;
    return std::stoi(std::string(text));
}

std::optional<unsigned> month_number(std::string_view name) {
    static constexpr std::array<std::string_view, 12> names{"jan", "feb", "mar", "apr", "may", "jun",
                                                            "jul", "aug", "sep", "oct", "nov", "dec"};
    auto found = std::find_if(names.begin(), names.end(), [&](auto month) { return equal_ignoring_case(month, name); });
    if (found == names.end()) return std::nullopt;
    return static_cast<unsigned>(found - names.begin()) + 1;
}

std::vector<std::string_view> words(std::string_view text) {
    std::vector<std::string_view> result;
    while (!text.empty()) {
        auto end = std::min(text.find_first_of(" ,-"), text.size());
        if (end > 0) result.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return result;
}

/// "08:49:37"
std::optional<std::chrono::seconds> time_of_day(std::string_view text) {
    if (text.size() != 8 || text[2] != ':' || text[5] != ':') return std::nullopt;
    auto hour = number(text.substr(0, 2)), minute = number(text.substr(3, 2)), second = number(text.substr(6, 2));
    if (!hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
    return std::chrono::seconds(*hour * 3600 + *minute * 60 + *second);
}

}  // namespace

std::chrono::milliseconds RetryPolicy::delay(int attempt) const {
    auto delay = first_delay;
    for (int i = 1; i < attempt && delay < longest_delay; ++i) delay *= 2;
    return std::min(delay, longest_delay);
}

bool is_transient_status(int status) {
    return status == 429 || status == 502 || status == 503 || status == 504;
}

std::optional<std::chrono::system_clock::time_point> parse_http_date(std::string_view text) {
    // Sun, 06 Nov 1994 08:49:37 GMT  |  Sunday, 06-Nov-94 08:49:37 GMT  |  Sun Nov  6 08:49:37 1994
    auto parts = words(trimmed(text));
    if (parts.size() == 6 && equal_ignoring_case(parts[5], "gmt"))
        parts = {parts[0], parts[2], parts[1], parts[4], parts[3]};
    if (parts.size() != 5) return std::nullopt;
    auto month = month_number(parts[1]);
    auto day = number(parts[2]);
    auto time = time_of_day(parts[3]);
    auto year = number(parts[4]);
    if (!month || !day || !time || !year) return std::nullopt;
    if (parts[4].size() == 2) *year += *year < 70 ? 2000 : 1900;
    std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(*month),
                                     std::chrono::day(static_cast<unsigned>(*day))};
    if (!date.ok() || *year > 9999) return std::nullopt;
    return std::chrono::sys_days(date) + *time;
}

std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view value,
                                                           std::chrono::system_clock::time_point now) {
    value = trimmed(value);
    if (auto seconds = number(value)) return std::chrono::seconds(*seconds);
    auto date = parse_http_date(value);
    if (!date) return std::nullopt;
    return std::max(std::chrono::milliseconds(0), std::chrono::duration_cast<std::chrono::milliseconds>(*date - now));
}

}  // namespace crawler
