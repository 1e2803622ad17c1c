#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace static_server {

/// Where in the served tree a request target points.
struct Target {
    std::string path;   // decoded and normal: "/", "/a/b", "/a/" (a directory was asked for)
    std::string query;  // as it came, with the question mark; empty without one
};

/// Takes a request target apart: "/a%20b/./c?x=1" becomes the path "/a b/c" and the query "?x=1". The absolute form
/// ("http://host/a") is understood as well.
///
/// nullopt for what has no place in a tree: a broken percent code, a NUL byte, a path that climbs above the root
/// however its dots and slashes are encoded, a target that is no path ("*").
std::optional<Target> parse_target(std::string_view target);

/// The path as it is written in a URL: "/a b/ü" becomes "/a%20b/%C3%BC".
std::string encode_path(std::string_view path);

}  // namespace static_server
