#pragma once

#include "byte_range.hpp"
#include "file_tree.hpp"
#include "request.hpp"

#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace static_server {

/// An answer: a head, and a body that is either a short text or a part of a file.
struct Response {
    int status = 200;
    std::vector<std::pair<std::string, std::string>> headers;  // beside those that every answer has
    std::string text;
    std::optional<OpenFile> file;
    ByteRange range;         // of the file
    bool sends_body = true;  // false for HEAD and for statuses that have none
    bool keep_alive = false;

    /// The head as it goes over the line, with Date, Content-Length and Connection.
    [[nodiscard]] std::string head(std::time_t now) const;
};

/// What to answer to a request: everything the server knows about HTTP, without any input or output but opening the
/// file.
Response respond(const Request& request, const FileTree& tree);

/// A page that says what went wrong. The connection is closed after it.
Response error_response(int status);

}  // namespace static_server
