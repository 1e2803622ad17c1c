#include "request.hpp"

#include <algorithm>
#include <utility>

namespace static_server {

namespace {

// ASCII only, whatever the locale: header names are ASCII.
char to_lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

std::string_view Request::header(std::string_view name) const noexcept {
    const auto found =
        std::find_if(headers.begin(), headers.end(), [&](const auto& header) { return header.first == name; });
    return found == headers.end() ? std::string_view{} : std::string_view(found->second);
}

RequestParser::RequestParser(const RequestLimits& limits) : limits_(limits) {
    http_parser_init(&parser_, HTTP_REQUEST);
    parser_.data = this;
}

const http_parser_settings& RequestParser::callbacks() {
    static const http_parser_settings settings = [] {
        http_parser_settings made{};
        made.on_url = [](http_parser* p, const char* at, std::size_t n) { return self(p).on_target({at, n}); };
        made.on_header_field = [](http_parser* p, const char* at, std::size_t n) {
            return self(p).on_header_name({at, n});
        };
        made.on_header_value = [](http_parser* p, const char* at, std::size_t n) {
            return self(p).on_header_value({at, n});
        };
        made.on_headers_complete = [](http_parser* p) { return self(p).on_headers_complete(); };
        made.on_body = [](http_parser* p, const char* at, std::size_t n) { return self(p).on_body({at, n}); };
        made.on_message_complete = [](http_parser* p) { return self(p).on_complete(); };
        return made;
    }();
    return settings;
}

std::size_t RequestParser::feed(std::string_view data) {
    if (complete_ || error_status_ != 0 || data.empty()) return 0;
    started_ = true;
    const std::size_t consumed = http_parser_execute(&parser_, &callbacks(), data.data(), data.size());
    const auto error = HTTP_PARSER_ERRNO(&parser_);
    if (error != HPE_OK && error != HPE_PAUSED && error_status_ == 0) {
        // The C parser has a limit of its own for everything before the body.
        error_status_ =
            error == HPE_HEADER_OVERFLOW ? HTTP_STATUS_REQUEST_HEADER_FIELDS_TOO_LARGE : HTTP_STATUS_BAD_REQUEST;
    }
    return consumed;
}

Request RequestParser::take() {
    Request taken = std::exchange(request_, {});
    // The C parser is used again on the same connection only while the connection is kept alive.
    http_parser_init(&parser_, HTTP_REQUEST);
    header_bytes_ = body_bytes_ = 0;
    in_value_ = in_body_ = started_ = complete_ = false;
    return taken;
}

int RequestParser::on_target(std::string_view piece) {
    request_.target += piece;
    return request_.target.size() > limits_.target ? refuse(HTTP_STATUS_URI_TOO_LONG) : 0;
}

int RequestParser::on_header_name(std::string_view piece) {
    if (in_body_) return count_header(piece.size());
    if (request_.headers.empty() || in_value_) request_.headers.emplace_back();
    in_value_ = false;
    for (const char c : piece) request_.headers.back().first += to_lower(c);
    return count_header(piece.size());
}

int RequestParser::on_header_value(std::string_view piece) {
    if (in_body_) return count_header(piece.size());
    in_value_ = true;
    request_.headers.back().second += piece;
    return count_header(piece.size());
}

int RequestParser::count_header(std::size_t bytes) {
    header_bytes_ += bytes;
    return header_bytes_ > limits_.headers ? refuse(HTTP_STATUS_REQUEST_HEADER_FIELDS_TOO_LARGE) : 0;
}

int RequestParser::on_headers_complete() {
    in_body_ = true;
    if (parser_.http_major != 1) return refuse(HTTP_STATUS_HTTP_VERSION_NOT_SUPPORTED);
    request_.method = http_method_str(static_cast<http_method>(parser_.method));
    request_.keep_alive = http_should_keep_alive(&parser_) != 0;
    const auto hosts = std::count_if(request_.headers.begin(), request_.headers.end(),
                                     [](const auto& header) { return header.first == "host"; });
    if (hosts > 1 || (hosts == 0 && parser_.http_minor >= 1)) return refuse(HTTP_STATUS_BAD_REQUEST);
    const bool length_known = (parser_.flags & F_CONTENTLENGTH) != 0;
    if (length_known && parser_.content_length > limits_.body) return refuse(HTTP_STATUS_PAYLOAD_TOO_LARGE);
    return 0;
}

int RequestParser::on_body(std::string_view piece) {
    body_bytes_ += piece.size();
    return body_bytes_ > limits_.body ? refuse(HTTP_STATUS_PAYLOAD_TOO_LARGE) : 0;
}

int RequestParser::on_complete() {
    complete_ = true;
    // Stops the C parser here, so that the next request, if its bytes are there already, stays where it is.
    http_parser_pause(&parser_, 1);
    return 0;
}

int RequestParser::refuse(int status) {
    error_status_ = status;
    return -1;  // ends http_parser_execute; 1 and 2 would have a meaning of their own after the headers
}

}  // namespace static_server
