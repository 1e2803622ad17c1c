#pragma once

#include <string>
#include <system_error>

namespace asyncio::curl {

/// The category of libcurl's result codes (CURLcode); `message()` is libcurl's own text.
[[nodiscard]] const std::error_category& category() noexcept;

/// A transfer that failed. `code()` is the CURLcode in category(); `what()` names operation, URL and reason: "fetch
/// http://h/: Failed to connect to h port 80: Connection refused: Couldn't connect to server".
class Error : public std::system_error {
public:
    /// `curl_code` is a CURLcode, `detail` may be empty, `os_errno` 0.
    Error(int curl_code, const std::string& url, std::string detail, int os_errno);

    /// libcurl's remark on this one failure; empty when it made none.
    [[nodiscard]] const std::string& detail() const noexcept { return detail_; }

    /// What the operating system said, if it was asked: errc::connection_refused and the like.
    [[nodiscard]] std::error_code os_error() const noexcept { return {os_errno_, std::system_category()}; }

private:
    std::string detail_;
    int os_errno_;
};

}  // namespace asyncio::curl
