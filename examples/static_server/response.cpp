#include "response.hpp"

#include "content_type.hpp"
#include "http_date.hpp"
#include "target.hpp"

#include <http_parser.h>

#include <system_error>

namespace static_server {

namespace {

const char* reason(int status) {
    return http_status_str(static_cast<http_status>(status));
}

Response message_response(int status) {
    Response response;
    response.status = status;
    response.text = std::to_string(status) + " " + reason(status) + "\n";
    response.headers.emplace_back("Content-Type", "text/plain; charset=utf-8");
    return response;
}

Response redirect(const Target& target) {
    Response response = message_response(HTTP_STATUS_MOVED_PERMANENTLY);
    // The path is normal and starts with exactly one slash: it cannot lead to another host, as "//host/" would.
    response.headers.emplace_back("Location", encode_path(target.path) + "/" + target.query);
    return response;
}

bool not_modified(const Request& request, std::time_t modified) {
    const auto since = parse_http_date(request.header("if-modified-since"));
    return since && modified <= *since;
}

/// A client that continues a download with If-Range wants the rest only of the very file it has the beginning of.
bool range_applies(const Request& request, const std::string& last_modified) {
    const std::string_view condition = request.header("if-range");
    return request.method == "GET" && (condition.empty() || condition == last_modified);
}

Response file_response(const Request& request, OpenFile file) {
    const std::string last_modified = format_http_date(file.modified());
    const std::string size = std::to_string(file.size());
    if (not_modified(request, file.modified())) {
        Response response;
        response.status = HTTP_STATUS_NOT_MODIFIED;
        response.headers.emplace_back("Last-Modified", last_modified);
        response.sends_body = false;
        return response;
    }

    const std::string_view wanted = range_applies(request, last_modified) ? request.header("range") : "";
    const auto [kind, range] = parse_range(wanted, file.size());
    if (kind == RangeKind::unsatisfiable) {
        Response response = message_response(HTTP_STATUS_RANGE_NOT_SATISFIABLE);
        response.headers.emplace_back("Content-Range", "bytes */" + size);
        return response;
    }
    Response response;
    response.range = range;
    response.headers.emplace_back("Content-Type", content_type(file.name()));
    response.headers.emplace_back("Last-Modified", last_modified);
    response.headers.emplace_back("Accept-Ranges", "bytes");
    if (kind == RangeKind::part) {
        response.status = HTTP_STATUS_PARTIAL_CONTENT;
        response.headers.emplace_back("Content-Range", "bytes " + std::to_string(range.first) + "-" +
                                                           std::to_string(range.first + range.length - 1) + "/" + size);
    }
    response.file.emplace(std::move(file));
    return response;
}

Response choose(const Request& request, const FileTree& tree) {
    if (request.method != "GET" && request.method != "HEAD") {
        Response response = message_response(HTTP_STATUS_METHOD_NOT_ALLOWED);
        response.headers.emplace_back("Allow", "GET, HEAD");
        return response;
    }
    const auto target = parse_target(request.target);
    if (!target) return message_response(HTTP_STATUS_BAD_REQUEST);
    try {
        auto found = tree.find(target->path);
        if (std::holds_alternative<MissingSlash>(found)) return redirect(*target);
        if (std::holds_alternative<NotFound>(found)) return message_response(HTTP_STATUS_NOT_FOUND);
        return file_response(request, std::move(std::get<OpenFile>(found)));
    } catch (const std::system_error&) {
        return error_response(HTTP_STATUS_SERVICE_UNAVAILABLE);
    }
}

}  // namespace

std::string Response::head(std::time_t now) const {
    std::string head = "HTTP/1.1 " + std::to_string(status) + " " + reason(status) + "\r\n";
    const auto add = [&head](std::string_view name, std::string_view value) {
        head.append(name).append(": ").append(value).append("\r\n");
    };
    add("Date", format_http_date(now));
    for (const auto& [name, value] : headers) add(name, value);
    if (status != HTTP_STATUS_NOT_MODIFIED) add("Content-Length", std::to_string(file ? range.length : text.size()));
    add("Connection", keep_alive ? "keep-alive" : "close");
    return head + "\r\n";
}

Response respond(const Request& request, const FileTree& tree) {
    Response response = choose(request, tree);
    if (request.method == "HEAD") response.sends_body = false;
    response.keep_alive = request.keep_alive;
    return response;
}

Response error_response(int status) {
    Response response = message_response(status);
    if (status == HTTP_STATUS_SERVICE_UNAVAILABLE) response.headers.emplace_back("Retry-After", "1");
    return response;
}

}  // namespace static_server
