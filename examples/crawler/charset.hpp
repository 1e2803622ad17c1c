#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace crawler {

/// Something wrong with a document as a whole, and the line it was noticed on (counted from 1).
struct Defect {
    std::string reason;
    unsigned line = 1;
};

struct DecodedText {
    std::string utf8;              ///< Always valid UTF-8; what could not be decoded is U+FFFD.
    std::optional<Defect> defect;  ///< Set when the declared encoding is unknown or is not what the bytes are.
};

/// Turns the bytes of an HTML document into UTF-8, choosing the encoding in the order browsers do: a byte order mark,
/// the charset of the Content-Type header, a `<meta>` in the first kilobyte, else UTF-8 if the bytes are that, else
/// windows-1252.
DecodedText decode_html(std::string body, std::string_view content_type);

/// The charset parameter of a Content-Type value; empty when there is none.
std::string charset_of(std::string_view content_type);

/// The offset of the first byte that is not part of valid UTF-8, or npos.
std::size_t first_invalid_utf8(std::string_view text);

}  // namespace crawler
