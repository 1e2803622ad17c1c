#pragma once

#include "charset.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace crawler {

/// A reference found in a document, as written there.
struct Link {
    std::string reference;
    unsigned line = 0;
};

/// What the crawler wants to know about an HTML document.
struct HtmlDocument {
    std::optional<std::string> base;   ///< `<base href>`: references are resolved against it.
    std::vector<Link> links;           ///< In document order.
    std::vector<std::string> anchors;  ///< Everything a fragment can name: id= of any element, name= of `<a>`.
    std::vector<Defect> defects;       ///< Why the lists above may be incomplete.
};

/// Decodes and reads an HTML document. Whatever the bytes are, it returns: hostile input ends up as a defect.
HtmlDocument read_html(std::string body, std::string_view content_type);

}  // namespace crawler
