#include "html_scan.hpp"

#include "ascii.hpp"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <vector>

namespace crawler {
namespace {

constexpr auto npos = std::string_view::npos;

template <std::size_t N>
bool one_of(std::string_view name, const std::string_view (&names)[N]) {
    return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

/// Elements that never have content.
bool is_void(std::string_view name) {
    static constexpr std::string_view names[] = {"area",  "base",   "basefont", "bgsound", "br",     "col",    "embed",
                                                 "frame", "hr",     "img",      "input",   "keygen", "link",   "meta",
                                                 "param", "source", "track",    "wbr",     "image",  "isindex"};
    return one_of(name, names);
}

/// Elements whose end tag may be left out; they cannot nest directly in themselves, so counting the others is enough.
bool closes_by_itself(std::string_view name) {
    static constexpr std::string_view names[] = {"html",    "head",  "body",  "li",    "dt",       "dd",     "p",
                                                 "rt",      "rp",    "rb",    "rtc",   "optgroup", "option", "colgroup",
                                                 "caption", "thead", "tbody", "tfoot", "tr",       "td",     "th"};
    return one_of(name, names);
}

/// Elements whose content is text up to their end tag.
bool holds_raw_text(std::string_view name) {
    static constexpr std::string_view names[] = {"script", "style",  "textarea", "title",
                                                 "xmp",    "iframe", "noembed",  "noframes"};
    return one_of(name, names);
}

class Scanner {
public:
    Scanner(std::string_view html, std::size_t deepest) : html_(html), deepest_(deepest) {}

    HtmlScan run() {
        if (auto nul = html_.find('\0'); nul != npos) malformed("malformed HTML: NUL character, binary data?", nul);
        while (!result_.too_deep) {
            at_ = html_.find('<', at_);
            if (at_ == npos || at_ + 1 >= html_.size()) break;
            step();
        }
        return std::move(result_);
    }

private:
    /// Handles the markup that begins at `at_`, and moves `at_` behind it.
    void step() {
        char next = html_[at_ + 1];
        if (html_.substr(at_).starts_with("<!--"))
            comment();
        else if (next == '!' || next == '?')
            at_ = std::min(html_.find('>', at_), html_.size());
        else if (next == '/' && at_ + 2 < html_.size() && is_alpha(html_[at_ + 2]))
            end_tag();
        else if (is_alpha(next))
            start_tag();
        else
            ++at_;
    }

    void comment() {
        // "<!-->" and "<!--->" are complete comments. One search for both ends: two would each run through the page.
        for (auto dashes = html_.find("--", at_ + 2); dashes != npos; dashes = html_.find("--", dashes + 1)) {
            auto rest = html_.substr(dashes + 2);
            if (rest.starts_with('>') || (dashes >= at_ + 4 && rest.starts_with("!>"))) {
                at_ = dashes + 3;
                return;
            }
        }
        malformed("malformed HTML: comment without end hides the rest of the page", at_);
        at_ = html_.size();
    }

    void end_tag() {
        std::string name = name_at(at_ + 2);
        auto end = end_of_tag(at_ + 2);
        if (end == npos) return unfinished_tag();
        at_ = end + 1;
        auto open = open_counts_.find(name);
        if (open == open_counts_.end() || open->second == 0) return;
        while (stack_.back() != name) pop();
        pop();
    }

    void start_tag() {
        std::size_t start = at_;
        std::string name = name_at(at_ + 1);
        auto end = end_of_tag(at_ + 1);
        if (end == npos) return unfinished_tag();
        at_ = end + 1;
        bool foreign = count("svg") + count("math") > 0 || name == "svg" || name == "math";
        bool self_closing = html_[end - 1] == '/' && foreign;
        if (is_void(name) || closes_by_itself(name) || self_closing) return;
        if (holds_raw_text(name) && !foreign) return raw_text(name, start);
        stack_.push_back(name);
        ++open_counts_[name];
        if (stack_.size() > deepest_) {
            result_.too_deep = defect("HTML nested deeper than " + std::to_string(deepest_) + " elements", start);
        }
    }

    void raw_text(const std::string& name, std::size_t start) {
        for (auto close = html_.find("</", at_); close != npos; close = html_.find("</", close + 2)) {
            if (name_at(close + 2) == name) {
                at_ = close;
                return;
            }
        }
        malformed("malformed HTML: <" + name + "> without end hides the rest of the page", start);
        at_ = html_.size();
    }

    void unfinished_tag() {
        malformed("malformed HTML: the page ends inside a tag", at_);
        at_ = html_.size();
    }

    std::string name_at(std::size_t from) const {
        auto end = from;
        while (end < html_.size() && !is_space(html_[end]) && html_[end] != '/' && html_[end] != '>') ++end;
        return lowered(html_.substr(from, std::min<std::size_t>(end - from, 64)));
    }

    /// The '>' that ends the tag whose name begins at `from`; one inside a quoted value does not.
    std::size_t end_of_tag(std::size_t from) const {
        bool value_may_follow = false;
        for (auto i = from; i < html_.size(); ++i) {
            char c = html_[i];
            if (c == '>') return i;
            if ((c == '"' || c == '\'') && value_may_follow) {
                i = html_.find(c, i + 1);
                if (i == npos) return npos;
            }
            if (c == '=')
                value_may_follow = true;
            else if (!is_space(c))
                value_may_follow = false;
        }
        return npos;
    }

    void pop() {
        --open_counts_[stack_.back()];
        stack_.pop_back();
    }

    std::size_t count(const std::string& name) const {
        auto found = open_counts_.find(name);
        return found == open_counts_.end() ? 0 : found->second;
    }

    Defect defect(std::string reason, std::size_t offset) const {
        auto line = 1 + std::count(html_.begin(), html_.begin() + static_cast<std::ptrdiff_t>(offset), '\n');
        return {std::move(reason), static_cast<unsigned>(line)};
    }

    void malformed(std::string reason, std::size_t offset) {
        if (!result_.malformed) result_.malformed = defect(std::move(reason), offset);
    }

    std::string_view html_;
    std::size_t deepest_;
    std::size_t at_ = 0;
    std::vector<std::string> stack_;
    std::unordered_map<std::string, std::size_t> open_counts_;
    HtmlScan result_;
};

}  // namespace

HtmlScan scan_html(std::string_view html, std::size_t deepest) {
    return Scanner(html, deepest).run();
}

}  // namespace crawler
