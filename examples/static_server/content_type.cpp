#include "content_type.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace static_server {

namespace {

constexpr std::pair<std::string_view, std::string_view> types[] = {
    {"css", "text/css; charset=utf-8"},
    {"gif", "image/gif"},
    {"htm", "text/html; charset=utf-8"},
    {"html", "text/html; charset=utf-8"},
    {"ico", "image/x-icon"},
    {"jpeg", "image/jpeg"},
    {"jpg", "image/jpeg"},
    {"js", "text/javascript; charset=utf-8"},
    {"json", "application/json"},
    {"mjs", "text/javascript; charset=utf-8"},
    {"pdf", "application/pdf"},
    {"png", "image/png"},
    {"svg", "image/svg+xml"},
    {"ttf", "font/ttf"},
    {"txt", "text/plain; charset=utf-8"},
    {"wasm", "application/wasm"},
    {"webp", "image/webp"},
    {"woff", "font/woff"},
    {"woff2", "font/woff2"},
    {"xhtml", "application/xhtml+xml; charset=utf-8"},
    {"xml", "text/xml; charset=utf-8"},
};

}  // namespace

std::string_view content_type(std::string_view file_name) {
    constexpr std::string_view unknown = "application/octet-stream";
    const std::size_t dot = file_name.rfind('.');
    if (dot == std::string_view::npos) return unknown;
    std::string ending(file_name.substr(dot + 1));
    std::transform(ending.begin(), ending.end(), ending.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
    const auto found =
        std::find_if(std::begin(types), std::end(types), [&](const auto& type) { return type.first == ending; });
    return found == std::end(types) ? unknown : found->second;
}

}  // namespace static_server
