#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace asyncio::curl {

/// One request, as libcurl's easy interface knows it: set it up, perform it with a Multi (`co_await
/// multi.perform(easy)`) or on the spot with perform(), look at the answer. It may be used again; what was set stays
/// set.
///
/// Only http and https are spoken, redirects are not followed unless asked for, no signals are used. For everything
/// that has no function here, give native_handle() to curl_easy_setopt and curl_easy_getinfo; the options that carry
/// data between libcurl and this class (WRITEFUNCTION, HEADERFUNCTION, ERRORBUFFER) are taken.
///
/// Thread safety: distinct objects: safe. Shared objects: unsafe.
class Easy {
public:
    /// Receives the body piece by piece, decoded; returning false ends the transfer with CURLE_WRITE_ERROR.
    using BodyCallback = std::function<bool(std::string_view piece)>;
    /// Receives each header of the answer, with the white space around its value removed.
    using HeaderCallback = std::function<void(std::string_view name, std::string_view value)>;

    /// Throws std::bad_alloc.
    Easy();
    ~Easy();
    /// Leaves `other` fit only to be destroyed or assigned to.
    Easy(Easy&&) noexcept;
    /// The same; what was here is closed.
    Easy& operator=(Easy&&) noexcept;

    /// What to fetch.
    void set_url(const std::string& url);
    /// HEAD instead of GET.
    void set_head_only(bool head_only);
    /// The User-Agent header. Default: none.
    void set_user_agent(const std::string& name);
    /// Adds "Name: value" to the request.
    void add_header(const std::string& line);
    /// Whether to follow a Location header. Default: no.
    void set_follow_redirects(bool follow);
    /// From name look-up to last byte; zero for none. Measured by the system's clock, also under a simulated loop.
    void set_timeout(std::chrono::milliseconds timeout);

    /// Without a callback the body is thrown away. What the callback throws ends the transfer and comes out of perform.
    void on_body(BodyCallback callback);
    /// Called for each header, as `on_body` for each part of the body.
    void on_header(HeaderCallback callback);
    /// Called now and then while the transfer runs, at least once a second; returning false ends it with
    /// CURLE_ABORTED_BY_CALLBACK. The way to interrupt perform().
    using ProgressCallback = std::function<bool()>;
    /// See ProgressCallback; an empty one is not called.
    void on_progress(ProgressCallback callback);
    /// A body longer than `bytes` (decompressed) ends the transfer with CURLE_FILESIZE_EXCEEDED, at once when its
    /// length was announced.
    void set_body_limit(std::uint64_t bytes);

    /// The transfer on the spot, in the way a program without a loop would do it: blocks the thread. Throws Error.
    void perform();

    /// The HTTP status; 0 when there was no answer.
    [[nodiscard]] int status() const;
    /// The Content-Type header; empty without one.
    [[nodiscard]] std::string content_type() const;
    /// The URL of the last request, which redirects may have changed.
    [[nodiscard]] std::string url() const;
    /// Bytes of body given to the callback so far.
    [[nodiscard]] std::uint64_t body_size() const;
    /// The announced length of the body, -1 when unknown.
    [[nodiscard]] std::int64_t announced_size() const;

    /// The CURL*.
    [[nodiscard]] void* native_handle() const noexcept;

    /// Used by whoever performs the transfer, before it begins.
    void prepare();
    /// Used by whoever has performed the transfer, with the CURLcode it ended with: throws Error, or what a callback
    /// threw.
    void check(int curl_code);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace asyncio::curl
