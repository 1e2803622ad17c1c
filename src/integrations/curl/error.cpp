#include <asyncio/integrations/curl/error.hpp>

#include "global.hpp"

#include <curl/curl.h>

#include <stdexcept>

namespace asyncio::curl {
namespace {

class Category final : public std::error_category {
public:
    const char* name() const noexcept override { return "curl"; }
    std::string message(int code) const override { return curl_easy_strerror(static_cast<CURLcode>(code)); }
};

}  // namespace

const std::error_category& category() noexcept {
    static const Category instance;
    return instance;
}

Error::Error(int curl_code, const std::string& url, std::string detail, int os_errno)
    : std::system_error(curl_code, category(), "fetch " + url + (detail.empty() ? "" : ": " + detail)),
      detail_(std::move(detail)),
      os_errno_(os_errno) {}

void detail::initialise_libcurl() {
    static const CURLcode result = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (result != CURLE_OK) throw Error(result, "nothing", "curl_global_init", 0);
}

}  // namespace asyncio::curl
