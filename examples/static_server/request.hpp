#pragma once

#include <http_parser.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace static_server {

/// The head of an HTTP request. A body, if there was one, has been read and thrown away: a file server has no use for
/// it.
struct Request {
    std::string method;
    std::string target;                                        // as it came: still percent-encoded, with its query
    std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
    bool keep_alive = false;

    /// The value of the first header of that name (lower case); empty when there is none.
    [[nodiscard]] std::string_view header(std::string_view name) const noexcept;
};

/// What a client may send at most. More is answered with 414, 431 or 413.
struct RequestLimits {
    std::size_t target = 8 * 1024;
    std::size_t headers = 32 * 1024;  // names and values together
    std::size_t body = 64 * 1024;
};

/// Puts one request after the other together from the pieces that the network delivers.
///
///                     feed          last byte fed
///     (nothing yet) -------> started -------------> complete --- take() ---> (nothing yet)
///                               |
///                               +--- malformed, too large ---> failed (for good: the connection is out of step)
class RequestParser {
public:
    explicit RequestParser(const RequestLimits& limits = {});
    RequestParser(const RequestParser&) = delete;  // the C parser points back to this object
    RequestParser& operator=(const RequestParser&) = delete;

    /// Takes as much of `data` as belongs to the current request and returns how much that was. What is left over
    /// belongs to the next one: the client sends without waiting for answers.
    std::size_t feed(std::string_view data);

    /// Some of the current request has arrived.
    [[nodiscard]] bool started() const noexcept { return started_; }
    /// All of the current request has arrived.
    [[nodiscard]] bool complete() const noexcept { return complete_; }
    /// The status of the answer to what is no acceptable request (400, 413, 414, 431 or 505); 0 while all is well.
    [[nodiscard]] int error_status() const noexcept { return error_status_; }

    /// Hands out the complete request and begins the next one.
    Request take();

private:
    static RequestParser& self(http_parser* parser) { return *static_cast<RequestParser*>(parser->data); }
    static const http_parser_settings& callbacks();
    int on_target(std::string_view piece);
    int on_header_name(std::string_view piece);
    int on_header_value(std::string_view piece);
    int on_headers_complete();
    int on_body(std::string_view piece);
    int on_complete();
    int refuse(int status);
    int count_header(std::size_t bytes);

    http_parser parser_{};
    RequestLimits limits_;
    Request request_;
    std::size_t header_bytes_ = 0;
    std::size_t body_bytes_ = 0;
    bool in_value_ = false;  // the last piece of a header belonged to its value
    bool in_body_ = false;   // headers that come now are a trailer, which nobody needs
    bool started_ = false;
    bool complete_ = false;
    int error_status_ = 0;
};

}  // namespace static_server
