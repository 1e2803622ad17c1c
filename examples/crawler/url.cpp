#include "url.hpp"

#include "ascii.hpp"

#include <arpa/inet.h>

namespace crawler {
namespace {

constexpr std::size_t max_url_length = 16 * 1024;

/// A reference cut into the five parts of RFC 3986, appendix B, nothing decoded yet.
struct Parts {
    std::optional<std::string> scheme;
    std::optional<std::string> authority;
    std::string path;
    std::optional<std::string> query;
    std::optional<std::string> fragment;
};

/// Drops what the HTML standard tells browsers to drop: white space around, tabs and line breaks anywhere.
std::string without_layout(std::string_view text) {
    std::string result;
    for (char c : trimmed(text))
        if (c != '\t' && c != '\n' && c != '\r') result += c;
    return result;
}

bool is_scheme(std::string_view text) {
    if (text.empty() || !is_alpha(text.front())) return false;
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return is_alpha(c) || is_digit(c) || c == '+' || c == '-' || c == '.'; });
}

/// Takes the text after the first `mark` off the end of `rest`.
std::optional<std::string> take_after(std::string& rest, char mark) {
    auto at = rest.find(mark);
    if (at == std::string::npos) return std::nullopt;
    std::string tail = rest.substr(at + 1);
    rest.resize(at);
    return tail;
}

Parts split(std::string_view text) {
    if (text.size() > max_url_length) throw InvalidUrl("URL longer than 16384 characters");
    Parts parts;
    std::string rest = without_layout(text);
    parts.fragment = take_after(rest, '#');
    parts.query = take_after(rest, '?');
    if (auto colon = rest.find(':'); colon != std::string::npos && is_scheme(std::string_view(rest).substr(0, colon))) {
        parts.scheme = lowered(std::string_view(rest).substr(0, colon));
        rest.erase(0, colon + 1);
    }
    // Browsers read a backslash as a slash in web addresses, and pages written on Windows count on it.
    bool web = !parts.scheme || *parts.scheme == "http" || *parts.scheme == "https";
    if (web) std::replace(rest.begin(), rest.end(), '\\', '/');
    if (rest.starts_with("//")) {
        auto end = rest.find('/', 2);
        parts.authority = rest.substr(2, end == std::string::npos ? end : end - 2);
        rest.erase(0, end == std::string::npos ? rest.size() : end);
    }
    parts.path = std::move(rest);
    return parts;
}

constexpr std::string_view upper_hex = "0123456789ABCDEF";

void append_escape(std::string& out, unsigned char byte) {
    out += '%';
    out += upper_hex[byte >> 4];
    out += upper_hex[byte & 15];
}

bool is_unreserved(char c) {
    return is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

bool must_be_escaped(char c) {
    auto byte = static_cast<unsigned char>(c);
    return byte <= 0x20 || byte >= 0x7f || std::string_view("\"<>\\^`{|}").find(c) != std::string_view::npos;
}

/// Percent-encoding in its normal form.
std::string normalised(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            if (must_be_escaped(text[i]))
                append_escape(out, static_cast<unsigned char>(text[i]));
            else
                out += text[i];
            continue;
        }
        int high = i + 1 < text.size() ? hex_value(text[i + 1]) : -1;
        int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
        if (high < 0 || low < 0)
            throw InvalidUrl("bad percent-encoding \"" + std::string(text.substr(i, 3)) + "\" in URL");
        char byte = static_cast<char>(high * 16 + low);
        if (is_unreserved(byte))
            out += byte;
        else
            append_escape(out, static_cast<unsigned char>(byte));
        i += 2;
    }
    return out;
}

/// RFC 3986, section 5.2.4.
std::string without_dot_segments(std::string_view path) {
    std::string out;
    while (!path.empty()) {
        auto slash = path.find('/', 1);
        std::string_view segment = path.substr(0, slash);
        path.remove_prefix(segment.size());
        bool last = path.empty();
        std::string_view name = segment.starts_with('/') ? segment.substr(1) : segment;
        if (name == "." || name == "..") {
            if (name == "..") out.resize(out.empty() ? 0 : out.rfind('/') == std::string::npos ? 0 : out.rfind('/'));
            if (last) out += '/';
        } else {
            out += segment;
        }
    }
    return out;
}

void check_host(const std::string& host) {
    if (host.empty()) throw InvalidUrl("URL without a host");
    if (host.front() == '[') {
        in6_addr address;
        std::string inside = host.substr(1, host.size() - 2);
        if (host.back() != ']' || inet_pton(AF_INET6, inside.c_str(), &address) != 1)
            throw InvalidUrl("bad IPv6 address \"" + host + "\" in URL");
        return;
    }
    for (char c : host) {
        bool international = static_cast<unsigned char>(c) >= 0x80;  // curl translates these to punycode
        if (!international && !is_alpha(c) && !is_digit(c) && c != '-' && c != '.' && c != '_')
            throw InvalidUrl(std::string("character '") + c + "' in the host of the URL");
    }
    if (host.size() > 253 || host.front() == '.' || host.find("..") != std::string::npos)
        throw InvalidUrl("bad host name in URL");
}

void check_port(const std::string& port) {
    bool digits = std::all_of(port.begin(), port.end(), is_digit);
    if (!digits || port.size() > 5 || std::stoul(port) == 0 || std::stoul(port) > 65535)
        throw InvalidUrl("bad port \"" + port + "\" in URL");
}

void set_authority(Url& url, std::string authority) {
    url.has_authority = true;
    if (auto at = authority.rfind('@'); at != std::string::npos) {
        url.userinfo = normalised(std::string_view(authority).substr(0, at));
        authority.erase(0, at + 1);
    }
    auto bracket = authority.rfind(']');
    if (authority.starts_with('[') && bracket == std::string::npos)
        throw InvalidUrl("bad IPv6 address \"" + authority + "\" in URL");
    auto colon = authority.find(':', bracket == std::string::npos ? 0 : bracket);
    if (colon != std::string::npos) {
        url.port = authority.substr(colon + 1);
        authority.resize(colon);
    }
    url.host = lowered(authority);
    if (!url.is_http()) return;
    check_host(url.host);
    if (!url.port.empty()) {
        check_port(url.port);
        url.port = std::to_string(std::stoul(url.port));
        if (url.port == (url.scheme == "http" ? "80" : "443")) url.port.clear();
    }
}

void set_path(Url& url, std::string_view path) {
    if (!url.is_http()) {
        url.path = path;
        return;
    }
    if (!url.has_authority) throw InvalidUrl("URL without a host");
    url.path = without_dot_segments(normalised(path));
    if (url.path.empty()) url.path = "/";
}

std::optional<std::string> normalised_part(const Url& url, const std::optional<std::string>& part) {
    if (!part || !url.is_http()) return part;
    return normalised(*part);
}

/// RFC 3986, section 5.2.3.
std::string merged_path(const Url& base, const std::string& path) {
    auto slash = base.path.rfind('/');
    if (slash == std::string::npos) return base.has_authority ? "/" + path : path;
    return base.path.substr(0, slash + 1) + path;
}

void copy_authority(Url& url, const Url& from) {
    url.userinfo = from.userinfo;
    url.host = from.host;
    url.port = from.port;
    url.has_authority = from.has_authority;
}

Url absolute(const Parts& parts) {
    Url url;
    url.scheme = *parts.scheme;
    if (parts.authority) set_authority(url, *parts.authority);
    set_path(url, parts.path);
    url.query = normalised_part(url, parts.query);
    url.fragment = normalised_part(url, parts.fragment);
    return url;
}

}  // namespace

Url Url::parse(std::string_view text) {
    Parts parts = split(text);
    if (!parts.scheme) throw InvalidUrl("no scheme such as http:// in URL");
    return absolute(parts);
}

Url Url::resolve(std::string_view reference) const {
    Parts parts = split(reference);
    if (parts.scheme) {
        // "http:page.html" is a relative reference to every browser, and was one in RFC 1808.
        bool relative = is_http() && *parts.scheme == scheme && !parts.authority;
        if (!relative) return absolute(parts);
        parts.scheme.reset();
    }
    Url url;
    url.scheme = scheme;
    if (parts.authority) {
        set_authority(url, *parts.authority);
        set_path(url, parts.path);
    } else {
        copy_authority(url, *this);
        if (parts.path.empty())
            url.path = path;
        else
            set_path(url, parts.path.front() == '/' ? parts.path : merged_path(*this, parts.path));
    }
    bool keeps_query = !parts.authority && parts.path.empty() && !parts.query;
    url.query = keeps_query ? query : normalised_part(url, parts.query);
    url.fragment = normalised_part(url, parts.fragment);
    return url;
}

std::string Url::without_fragment() const {
    std::string text = scheme + ":";
    if (has_authority)
        text += "//" + (userinfo.empty() ? "" : userinfo + "@") + host + (port.empty() ? "" : ":" + port);
    text += path;
    if (query) text += "?" + *query;
    return text;
}

std::string Url::to_string() const {
    return without_fragment() + (fragment ? "#" + *fragment : "");
}

std::string percent_decode(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        int high = text[i] == '%' && i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
        int low = high >= 0 ? hex_value(text[i + 2]) : -1;
        if (low >= 0) {
            out += static_cast<char>(high * 16 + low);
            i += 2;
        } else {
            out += text[i];
        }
    }
    return out;
}

}  // namespace crawler
