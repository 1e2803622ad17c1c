#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

struct GumboInternalNode;

namespace crawler {

/// What one document may cost before its parsing is given up.
struct ParseLimits {
    std::chrono::milliseconds time{5000};
    std::size_t memory = std::size_t{1} << 30;
};

/// The tree Gumbo makes of UTF-8 HTML, which must outlive it.
///
/// Gumbo alone is no match for hostile pages: it spends quadratic time and memory on some, frees its tree recursively,
/// and aborts the program when one of its assertions fails, which random tag soup brings about within seconds. Here it
/// allocates from an arena that dies in one piece; when a limit is reached, or an assertion fails, control jumps out of
/// the parser and the arena takes everything with it.
class HtmlTree {
public:
    explicit HtmlTree(std::string_view utf8, ParseLimits limits = {});
    ~HtmlTree();
    HtmlTree(const HtmlTree&) = delete;
    HtmlTree& operator=(const HtmlTree&) = delete;

    /// The document node; nullptr when parsing was given up.
    const GumboInternalNode* document() const { return document_; }

    /// Why parsing was given up.
    const std::string& failure() const;

private:
    friend void leave_parser();
    struct Arena;
    std::unique_ptr<Arena> arena_;
    const GumboInternalNode* document_ = nullptr;
};

}  // namespace crawler
