#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace crawler {

/// When and how often a fetch is tried again.
struct RetryPolicy {
    int retries = 2;
    std::chrono::milliseconds first_delay{500};
    std::chrono::milliseconds longest_delay{30'000};
    /// A server that asks for more patience than this is reported as broken instead.
    std::chrono::milliseconds longest_retry_after{300'000};

    /// The pause before retry number `attempt` (from 1): doubles each time, up to the longest.
    std::chrono::milliseconds delay(int attempt) const;
};

/// Is this answer worth another try? True for 429 and the 5xx that speak of a passing trouble.
bool is_transient_status(int status);

/// The wait a Retry-After header asks for: a number of seconds or an HTTP date. A date in the past means no wait.
std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view value,
                                                           std::chrono::system_clock::time_point now);

/// Parses the three date formats of HTTP (RFC 9110, section 5.6.7).
std::optional<std::chrono::system_clock::time_point> parse_http_date(std::string_view text);

}  // namespace crawler
