#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace crawler {

/// Thrown for text that is no usable URL; `what()` says why, in words for the report.
class InvalidUrl : public std::invalid_argument {
public:
    using std::invalid_argument::invalid_argument;
};

/// A URL of RFC 3986, normalised: two URLs that must mean the same resource compare equal as strings.
///
/// Normalising means: scheme and host in lower case, default port dropped, dot segments removed, an empty path written
/// "/", escapes of unreserved characters decoded, hex digits of the others in upper case. What browsers forgive in an
/// attribute is forgiven too: surrounding white space, line breaks inside, and characters (space, quotes, non-ASCII …)
/// that should have been percent-encoded; they are encoded here.
///
/// For "http" and "https" all parts are checked; any other scheme is kept as it stands.
class Url {
public:
    /// Parses an absolute URL. Throws InvalidUrl.
    static Url parse(std::string_view text);

    /// Resolves a reference as found in a document against this URL (RFC 3986, section 5). Throws InvalidUrl.
    Url resolve(std::string_view reference) const;

    bool is_http() const { return scheme == "http" || scheme == "https"; }

    /// The URL that goes over the wire: everything but the fragment.
    std::string without_fragment() const;

    std::string to_string() const;

    std::string scheme;
    std::string userinfo;
    std::string host;  ///< In lower case; IPv6 addresses keep their brackets.
    std::string port;  ///< Empty when it is the default of the scheme.
    std::string path;
    std::optional<std::string> query;
    std::optional<std::string> fragment;  ///< Still percent-encoded.
    bool has_authority = false;
};

/// Decodes every valid %XX; other text passes through.
std::string percent_decode(std::string_view text);

}  // namespace crawler
