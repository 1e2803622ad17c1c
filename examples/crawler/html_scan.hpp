#pragma once

#include "charset.hpp"

#include <optional>
#include <string_view>

namespace crawler {

/// What one pass over the tags of a document tells before any tree is built.
struct HtmlScan {
    std::optional<Defect> too_deep;   ///< Nested deeper than the limit: parsing it would cost quadratic time.
    std::optional<Defect> malformed;  ///< Damage that hides part of the document; the rest can be parsed.
};

/// Looks over UTF-8 HTML in linear time and constant stack: how deep do elements nest, does a comment, tag or script
/// run to the end of the file and swallow what follows, are there NUL characters (binary data under a text label).
///
/// Damage that every parser repairs the same way (missing end tags, wrong nesting, unquoted attributes) is no defect.
HtmlScan scan_html(std::string_view html, std::size_t deepest = 4096);

}  // namespace crawler
