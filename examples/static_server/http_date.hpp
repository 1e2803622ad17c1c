#pragma once

#include <ctime>
#include <optional>
#include <string>
#include <string_view>

namespace static_server {

/// "Sun, 06 Nov 1994 08:49:37 GMT", whatever the locale.
std::string format_http_date(std::time_t time);

/// The other way round; nullopt for anything else. The two obsolete formats of HTTP are not understood: a date in one
/// of them counts as no date, which is safe.
std::optional<std::time_t> parse_http_date(std::string_view text);

}  // namespace static_server
