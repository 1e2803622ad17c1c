#include "target.hpp"

#include <http_parser.h>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace static_server {

namespace {

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

std::optional<std::string> percent_decode(std::string_view text) {
    std::string decoded;
    for (std::size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (c == '%') {
            if (i + 2 >= text.size()) return std::nullopt;
            const int high = hex_value(text[i + 1]);
            const int low = hex_value(text[i + 2]);
            if (high < 0 || low < 0) return std::nullopt;
            c = static_cast<char>(high * 16 + low);
            i += 2;
        }
        if (c == '\0') return std::nullopt;
        decoded += c;
    }
    return decoded;
}

/// Removes empty, "." and ".." segments; nullopt when ".." would leave the root. The path is decoded already: after
/// this nothing is decoded again, so no encoding hides a segment.
std::optional<std::string> normalise(std::string_view path) {
    std::vector<std::string_view> segments;
    bool is_directory = true;
    for (std::size_t begin = 1; begin <= path.size();) {
        const std::size_t end = std::min(path.find('/', begin), path.size());
        const std::string_view segment = path.substr(begin, end - begin);
        is_directory = segment.empty() || segment == "." || segment == "..";
        if (segment == "..") {
            if (segments.empty()) return std::nullopt;
            segments.pop_back();
        } else if (!is_directory) {
            segments.push_back(segment);
        }
        begin = end + 1;
    }
    std::string normal;
    for (const std::string_view segment : segments) normal.append("/").append(segment);
    if (is_directory) normal += '/';
    return normal;
}

}  // namespace

std::optional<Target> parse_target(std::string_view target) {
    http_parser_url parts;
    http_parser_url_init(&parts);
    if (http_parser_parse_url(target.data(), target.size(), 0, &parts) != 0) return std::nullopt;
    const auto part = [&](http_parser_url_fields field) -> std::string_view {
        if ((parts.field_set & (1U << field)) == 0) return {};
        return target.substr(parts.field_data[field].off, parts.field_data[field].len);
    };

    // The absolute form may leave the path away: "http://host" means its root.
    const std::string_view raw_path = part(UF_PATH).empty() && !part(UF_HOST).empty() ? "/" : part(UF_PATH);
    if (!raw_path.starts_with('/')) return std::nullopt;
    const auto decoded = percent_decode(raw_path);
    if (!decoded) return std::nullopt;
    auto path = normalise(*decoded);
    if (!path) return std::nullopt;
    const std::string_view query = part(UF_QUERY);
    return Target{std::move(*path), query.empty() ? "" : "?" + std::string(query)};
}

std::string encode_path(std::string_view path) {
    constexpr std::string_view unreserved = "-._~/!$&'()*+,;=:@";
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string encoded;
    for (const char c : path) {
        const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                              unreserved.find(c) != std::string_view::npos;
        if (is_plain) {
            encoded += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        encoded.append({'%', digits[byte >> 4], digits[byte & 15]});
    }
    return encoded;
}

}  // namespace static_server
