#include "fetch.hpp"

#include "ascii.hpp"
#include "fetch_failure.hpp"
#include "retry.hpp"

#include <asyncio/task/async_with.hpp>
#include <asyncio/task/timeout.hpp>

#include <curl/curl.h>

namespace crawler {

using asyncio::curl::Easy;
using asyncio::curl::Error;

bool is_html(std::string_view content_type, std::string_view begin_of_body) {
    std::string type = lowered(trimmed(content_type.substr(0, content_type.find(';'))));
    if (!type.empty()) return type == "text/html" || type == "application/xhtml+xml";
    std::string begin = lowered(trimmed(begin_of_body.substr(0, 512)));
    return begin.starts_with("<!doctype html") || begin.starts_with("<html");
}

bool refuses_head(const FetchResult& answer) {
    return answer.status == 405 || answer.status == 501;
}

Easy make_easy() {
    Easy easy;
    easy.set_user_agent("asyncio-crawl/" ASYNCIO_CRAWL_VERSION);
    return easy;
}

Fetch::Fetch(Easy& easy, const std::string& url, FetchLimits limits, Purpose purpose)
    : easy_(easy),
      limits_(limits),
      purpose_(purpose) {
    easy.set_url(url);
    easy.set_head_only(purpose == Purpose::check);
    easy.set_follow_redirects(purpose == Purpose::robots);
    easy.set_body_limit(limits.max_size);
    easy.on_body([this](std::string_view piece) { return take(piece); });
    easy.on_header([this](std::string_view name, std::string_view value) {
        if (equal_ignoring_case(name, "location")) result_.location = value;
        if (equal_ignoring_case(name, "retry-after")) result_.retry_after = value;
    });
}

bool Fetch::take(std::string_view piece) {
    if (easy_.body_size() == piece.size()) {  // the first piece
        bool good = easy_.status() >= 200 && easy_.status() < 300;
        result_.html = good && is_html(easy_.content_type(), piece);
    }
    if (result_.html || purpose_ == Purpose::robots) result_.body += piece;
    return true;
}

asyncio::Coro<FetchResult> Fetch::perform(asyncio::curl::Multi& multi) {
    try {
        co_await asyncio::async_with(asyncio::timeout(limits_.timeout),
                                     [&](auto&) -> asyncio::Coro<> { co_await multi.perform(easy_); });
        co_return answered();
    } catch (const asyncio::TimeoutError&) {
        co_return timed_out();
    } catch (const Error& error) {
        co_return failed(error);
    }
}

FetchResult Fetch::perform_blocking() {
    try {
        easy_.set_timeout(limits_.timeout);
        easy_.perform();
        return answered();
    } catch (const Error& error) {
        return failed(error);
    }
}

FetchResult Fetch::answered() {
    result_.status = easy_.status();
    result_.bytes = easy_.body_size();
    result_.content_type = easy_.content_type();
    result_.transient = is_transient_status(result_.status);
    if (result_.bytes == 0 && result_.status == 200 && purpose_ == Purpose::read)
        result_.html = is_html(result_.content_type, "");
    return std::move(result_);
}

FetchResult Fetch::failed(const Error& error) {
    // Too large is a failure only where the body would have been read: a long download is a good link.
    bool good = easy_.status() >= 200 && easy_.status() < 300;
    bool wanted = good && (result_.html || purpose_ == Purpose::robots || is_html(easy_.content_type(), ""));
    if (error.code().value() == CURLE_FILESIZE_EXCEEDED && !wanted) return answered();
    result_.failure =
        failure_reason({error, easy_.body_size(), easy_.announced_size(), limits_.max_size, limits_.timeout});
    result_.transient = is_transient_failure(error);
    result_.status = easy_.status();
    result_.bytes = easy_.body_size();
    result_.body.clear();
    return std::move(result_);
}

FetchResult Fetch::timed_out() {
    result_.failure = timeout_reason(limits_.timeout);
    result_.transient = true;
    result_.status = easy_.status();
    result_.bytes = easy_.body_size();
    result_.body.clear();
    return std::move(result_);
}

}  // namespace crawler
