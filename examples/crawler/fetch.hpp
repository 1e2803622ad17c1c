#pragma once

#include <asyncio/integrations/curl/curl.hpp>
#include <asyncio/task/coro.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace crawler {

struct FetchLimits {
    std::uint64_t max_size = 10u << 20;
    std::chrono::milliseconds timeout{30'000};
};

/// What a request is for.
enum class Purpose {
    read,    ///< GET; the body is kept if it is HTML.
    check,   ///< HEAD.
    robots,  ///< GET, through redirects; the body is kept.
};

/// What came of one request.
struct FetchResult {
    std::string failure;     ///< Why there is no usable answer; empty when there is one, whatever its status.
    bool transient = false;  ///< Trying again may help.
    int status = 0;
    bool html = false;
    std::string content_type;
    std::string body;  ///< What is kept of it; the rest is counted and thrown away as it comes in.
    std::uint64_t bytes = 0;
    std::optional<std::string> location;
    std::optional<std::string> retry_after;
};

/// One GET or HEAD with an Easy that is used again and again, so that connections are, too.
///
/// The body is taken in piece by piece and never grows beyond the limit. How the transfer is performed is up to the
/// caller:
///
///     Fetch fetch(easy, url, limits);
///     FetchResult result = co_await fetch.perform(multi);    // or fetch.perform_blocking()
class Fetch {
public:
    Fetch(asyncio::curl::Easy& easy, const std::string& url, FetchLimits limits, Purpose purpose = Purpose::read);
    Fetch(const Fetch&) = delete;
    Fetch& operator=(const Fetch&) = delete;

    asyncio::Coro<FetchResult> perform(asyncio::curl::Multi& multi);
    FetchResult perform_blocking();

private:
    bool take(std::string_view piece);
    FetchResult answered();
    FetchResult failed(const asyncio::curl::Error& error);
    FetchResult timed_out();

    asyncio::curl::Easy& easy_;
    FetchLimits limits_;
    Purpose purpose_;
    FetchResult result_;
};

/// An Easy set up the way the crawler wants all its requests.
asyncio::curl::Easy make_easy();

/// Does the answer to a HEAD say no more than that the server does not do HEAD?
bool refuses_head(const FetchResult& answer);

/// Is this the media type of a page whose links can be read?
bool is_html(std::string_view content_type, std::string_view begin_of_body);

}  // namespace crawler
