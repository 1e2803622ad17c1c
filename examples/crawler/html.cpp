#include "html.hpp"

#include "ascii.hpp"
#include "html_scan.hpp"
#include "html_tree.hpp"

#include <gumbo.h>

#include <algorithm>

namespace crawler {
namespace {

struct LinkAttribute {
    std::string_view element;
    std::string_view attribute;
};

/// Attributes whose value is one URL.
constexpr LinkAttribute link_attributes[] = {
    {"a", "href"},      {"area", "href"},  {"link", "href"}, {"img", "src"},      {"script", "src"}, {"iframe", "src"},
    {"frame", "src"},   {"source", "src"}, {"video", "src"}, {"video", "poster"}, {"audio", "src"},  {"track", "src"},
    {"object", "data"}, {"embed", "src"},  {"input", "src"}, {"form", "action"},
};

std::string_view element_name(const GumboElement& element) {
    std::string_view name = gumbo_normalized_tagname(element.tag);
    return name;
}

class Reader {
public:
    HtmlDocument run(const GumboNode* root) {
        // An explicit stack: the tree may be deeper than ours would carry.
        std::vector<const GumboNode*> todo{root};
        while (!todo.empty()) {
            const GumboNode* node = todo.back();
            todo.pop_back();
            const GumboVector* children = nullptr;
            if (node->type == GUMBO_NODE_DOCUMENT) {
                children = &node->v.document.children;
            } else if (node->type == GUMBO_NODE_ELEMENT || node->type == GUMBO_NODE_TEMPLATE) {
                element(node->v.element);
                children = &node->v.element.children;
            }
            if (children == nullptr) continue;
            for (unsigned i = children->length; i > 0; --i)
                todo.push_back(static_cast<const GumboNode*>(children->data[i - 1]));
        }
        return std::move(document_);
    }

private:
    void element(const GumboElement& element) {
        std::string_view name = element_name(element);
        if (const char* id = value(element, "id"); id != nullptr && *id != '\0') document_.anchors.emplace_back(id);
        if (element.attributes.length == 0) return;
        if (name == "a") {
            if (const char* anchor = value(element, "name"); anchor != nullptr) document_.anchors.emplace_back(anchor);
        } else if (name == "base") {
            if (const char* href = value(element, "href"); href != nullptr && !document_.base) document_.base = href;
        } else if (name == "meta") {
            refresh(element);
        }
        if (name == "img" || name == "source") candidates(element);
        if (!refers_to_resource(element, name)) return;
        for (const LinkAttribute& link : link_attributes) {
            if (link.element != name) continue;
            if (const GumboAttribute* found = attribute(element, link.attribute)) add(found->value, *found);
        }
    }

    /// Elements that look like links but load nothing, or do something when asked to.
    static bool refers_to_resource(const GumboElement& element, std::string_view name) {
        if (name == "link") {
            std::string rel = lowered(text(element, "rel"));
            return rel != "dns-prefetch" && rel != "preconnect";
        }
        if (name == "form") {
            // Checking must not submit anything; a form without an action posts to its own page.
            std::string method = lowered(text(element, "method"));
            return (method.empty() || method == "get") && !text(element, "action").empty();
        }
        return true;
    }

    /// `<meta http-equiv="refresh" content="0; url=next.html">`
    void refresh(const GumboElement& element) {
        if (!equal_ignoring_case(text(element, "http-equiv"), "refresh")) return;
        const GumboAttribute* content = attribute(element, "content");
        if (content == nullptr) return;
        std::string lower = lowered(content->value);
        auto at = lower.find("url");
        if (at == std::string::npos) return;
        std::string_view rest = trimmed(std::string_view(content->value).substr(at + 3));
        if (!rest.starts_with('=')) return;
        rest = trimmed(rest.substr(1));
        if (!rest.empty() && (rest.front() == '"' || rest.front() == '\'')) {
            char quote = rest.front();
            rest.remove_prefix(1);
            rest = rest.substr(0, rest.find(quote));
        }
        add(std::string(rest), *content);
    }

    /// srcset="small.png 1x, large.png 2x"
    void candidates(const GumboElement& element) {
        const GumboAttribute* srcset = attribute(element, "srcset");
        if (srcset == nullptr) return;
        std::string_view rest = srcset->value;
        while (true) {
            while (!rest.empty() && (is_space(rest.front()) || rest.front() == ',')) rest.remove_prefix(1);
            if (rest.empty()) return;
            auto end = std::find_if(rest.begin(), rest.end(), is_space);
            std::string_view url = rest.substr(0, static_cast<std::size_t>(end - rest.begin()));
            rest.remove_prefix(url.size());
            bool bare = url.ends_with(',');
            while (url.ends_with(',')) url.remove_suffix(1);
            add(std::string(url), *srcset);
            if (!bare) rest.remove_prefix(std::min(rest.find(','), rest.size()));
        }
    }

    void add(std::string reference, const GumboAttribute& attribute) {
        document_.links.push_back({std::move(reference), attribute.name_start.line});
    }

    static const GumboAttribute* attribute(const GumboElement& element, std::string_view name) {
        for (unsigned i = 0; i < element.attributes.length; ++i) {
            const auto* candidate = static_cast<const GumboAttribute*>(element.attributes.data[i]);
            if (equal_ignoring_case(candidate->name, name)) return candidate;
        }
        return nullptr;
    }

    static const char* value(const GumboElement& element, std::string_view name) {
        const GumboAttribute* found = attribute(element, name);
        return found == nullptr ? nullptr : found->value;
    }

    static std::string_view text(const GumboElement& element, std::string_view name) {
        const char* found = value(element, name);
        return found == nullptr ? std::string_view{} : found;
    }

    HtmlDocument document_;
};

}  // namespace

HtmlDocument read_html(std::string body, std::string_view content_type) {
    DecodedText decoded = decode_html(std::move(body), content_type);
    HtmlScan scan = scan_html(decoded.utf8);
    HtmlDocument document;
    if (!scan.too_deep) {
        HtmlTree tree(decoded.utf8);
        if (tree.document() != nullptr)
            document = Reader().run(tree.document());
        else
            document.defects.push_back({tree.failure(), 1});
    }
    for (auto& defect : {scan.too_deep, scan.malformed, decoded.defect})
        if (defect) document.defects.push_back(*defect);
    return document;
}

}  // namespace crawler
