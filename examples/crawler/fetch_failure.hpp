#pragma once

#include <asyncio/integrations/curl/error.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace crawler {

/// What there is to say about a failed transfer.
struct FailedTransfer {
    const asyncio::curl::Error& error;
    std::uint64_t received = 0;
    std::int64_t announced = -1;
    std::uint64_t max_size = 0;
    std::chrono::milliseconds timeout{};
};

/// The reason for the report, in few words.
std::string failure_reason(const FailedTransfer& transfer);

/// Could the same request go well a little later?
bool is_transient_failure(const asyncio::curl::Error& error);

/// "timed out after 30 s"
std::string timeout_reason(std::chrono::milliseconds timeout);

/// "HTTP 404 Not Found"
std::string status_reason(int status);

}  // namespace crawler
