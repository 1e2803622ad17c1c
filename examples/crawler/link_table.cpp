#include "link_table.hpp"

#include "ascii.hpp"
#include "url.hpp"

#include <algorithm>

namespace crawler {
namespace {

std::uint64_t anchor_hash(std::string_view anchor) {
    return std::hash<std::string_view>{}(anchor);
}

/// Fragments that need no anchor: the top of the page, and the text directives of browsers.
bool always_there(std::string_view fragment) {
    return fragment.empty() || equal_ignoring_case(fragment, "top") || fragment.starts_with(":~:");
}

}  // namespace

std::optional<LinkTable::Added> LinkTable::add(const std::string& url) {
    if (auto known = ids_.find(url); known != ids_.end()) return Added{known->second, false};
    if (records_.size() >= limits_.urls || url.size() > limits_.bytes - bytes_) return std::nullopt;
    auto id = static_cast<UrlId>(records_.size());
    records_.emplace_back().url = &ids_.emplace(url, id).first->first;
    bytes_ += url.size();
    return Added{id, true};
}

void LinkTable::link(UrlId target, std::string fragment, Place place) {
    decide(target, WaitingLink{target, place, std::move(fragment)});
}

void LinkTable::settle_good(UrlId id, const std::optional<std::vector<std::string>>& anchors) {
    Record& record = records_[id];
    record.has_anchors = anchors.has_value();
    if (anchors) {
        record.anchors.reserve(anchors->size());
        for (const std::string& anchor : *anchors) record.anchors.push_back(anchor_hash(anchor));
        std::sort(record.anchors.begin(), record.anchors.end());
    }
    settle(id, State::good, {});
}

void LinkTable::settle_broken(UrlId id, std::string reason) {
    settle(id, State::broken, std::move(reason));
}

void LinkTable::settle_unchecked(UrlId id) {
    settle(id, State::unchecked, {});
}

void LinkTable::settle_redirect(UrlId id, UrlId target, std::string fragment) {
    std::string problem = redirect_problem(id, target);
    if (!problem.empty()) return settle_broken(id, std::move(problem));
    Record& next = records_[target];
    next.redirects_before = std::max<std::uint8_t>(next.redirects_before, records_[id].redirects_before + 1);
    records_[id].redirect_target = target;
    settle(id, State::redirected, std::move(fragment));
}

std::string LinkTable::redirect_problem(UrlId id, UrlId target) const {
    int count = records_[id].redirects_before + 1;
    std::string chain = url(id);
    UrlId at = target;
    for (; at != id && records_[at].state == State::redirected && count <= most_redirects; ++count) {
        chain += " -> " + url(at);
        at = records_[at].redirect_target;
    }
    if (at == id) return "redirect loop: " + chain + " -> " + url(id);
    if (count > most_redirects) return too_many_redirects();
    return {};
}

void LinkTable::settle(UrlId id, State state, std::string detail) {
    Record& record = records_[id];
    if (record.state != State::pending) return;
    record.state = state;
    record.detail = std::move(detail);
    auto waiting = std::move(record.waiting);
    record.waiting = {};
    for (WaitingLink& link : waiting) decide(id, std::move(link));
}

void LinkTable::decide(UrlId at, WaitingLink link) {
    while (records_[at].state == State::redirected) {
        if (!records_[at].detail.empty()) link.fragment = records_[at].detail;
        at = records_[at].redirect_target;
    }
    Record& record = records_[at];
    if (record.state == State::pending) {
        record.waiting.push_back(std::move(link));
    } else if (record.state == State::broken) {
        report(link, record.detail);
    } else if (record.state == State::good && record.has_anchors && !always_there(link.fragment)) {
        auto there = [&](std::string_view name) {
            return std::binary_search(record.anchors.begin(), record.anchors.end(), anchor_hash(name));
        };
        // The standard tries the fragment as written first, then decoded.
        if (!there(link.fragment) && !there(percent_decode(link.fragment)))
            report(link, "no anchor \"" + percent_decode(link.fragment) + "\" on the page");
    }
}

void LinkTable::report(const WaitingLink& link, const std::string& reason) {
    BrokenLink row;
    row.url = url(link.link);
    bool anchor = reason.starts_with("no anchor");
    if (anchor) row.url += "#" + link.fragment;
    row.reason = reason;
    if (link.place.page != command_line) row.page = url(link.place.page);
    row.line = link.place.line;
    broken_(std::move(row));
}

}  // namespace crawler
