#include "report.hpp"

#include <algorithm>
#include <cstdio>
#include <map>
#include <set>
#include <string_view>
#include <tuple>

namespace crawler {
namespace {

template <class... Values>
std::string formatted(const char* format, Values... values) {
    char buffer[256];
    std::snprintf(buffer, sizeof buffer, format, values...);
    return buffer;
}

std::string row(const char* name, const std::string& value) {
    return formatted("  %-14s", name) + value + "\n";
}

std::string count(std::uint64_t number) {
    return std::to_string(number);
}

auto key(const BrokenLink& link) {
    return std::tie(link.page, link.line, link.url, link.reason);
}

/// Control characters of hostile pages must not reach the terminal.
std::string printable(std::string_view text) {
    std::string out;
    for (char c : text) {
        bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
        out += control ? '?' : c;
    }
    return out;
}

std::string place(const BrokenLink& link) {
    return link.page.empty() ? "the command line" : link.page + ":" + std::to_string(link.line);
}

/// The rows that have the same URL and reason in common are told once, with the first places where the link stands.
std::string broken_links(const std::vector<BrokenLink>& broken) {
    std::map<std::pair<std::string_view, std::string_view>, std::vector<const BrokenLink*>> groups;
    for (const BrokenLink& link : broken) groups[{link.url, link.reason}].push_back(&link);
    std::string text;
    for (const auto& [what, links] : groups) {
        text += "  " + printable(what.first) + ": " + printable(what.second) + "\n";
        std::size_t shown = std::min(links.size(), Report::places_shown);
        for (std::size_t i = 0; i < shown; ++i) text += "      on " + printable(place(*links[i])) + "\n";
        if (links.size() > shown) text += "      and in " + count(links.size() - shown) + " more places (see --json)\n";
    }
    return text;
}

/// One favicon that is missing is broken on every page: how many URLs the rows are about.
std::string of_urls(const std::vector<BrokenLink>& broken) {
    std::set<std::string_view> urls;
    for (const BrokenLink& link : broken) urls.insert(link.url);
    if (urls.size() == broken.size()) return "";
    return " (of " + count(urls.size()) + (urls.size() == 1 ? " URL)" : " URLs)");
}

std::string not_checked(const Report& report) {
    std::string text;
    auto add = [&](std::uint64_t number, const char* what) {
        if (number > 0) text += (text.empty() ? "" : ", ") + std::to_string(number) + " " + what;
    };
    add(report.other_hosts, "links to other hosts");
    add(report.other_schemes, "links of other schemes");
    add(report.forbidden, "URLs forbidden by robots.txt");
    add(report.not_fetched, "URLs not fetched");
    add(report.beyond_limits, "links beyond the most URLs a crawl can hold");
    return text;
}

}  // namespace

void Report::note_page_time(const std::string& url, double seconds) {
    auto slower = [](const SlowPage& a, const SlowPage& b) { return a.seconds > b.seconds; };
    if (slowest.size() == slowest_kept && slowest.back().seconds >= seconds) return;
    SlowPage page{url, seconds};
    slowest.insert(std::upper_bound(slowest.begin(), slowest.end(), page, slower), page);
    if (slowest.size() > slowest_kept) slowest.pop_back();
}

void Report::sort_broken() {
    std::sort(broken.begin(), broken.end(), [](const auto& a, const auto& b) { return key(a) < key(b); });
    auto same = [](const auto& a, const auto& b) { return key(a) == key(b); };
    broken.erase(std::unique(broken.begin(), broken.end(), same), broken.end());
}

std::string human_size(std::uint64_t bytes) {
    if (bytes < 1000) return count(bytes) + " bytes";
    double value = static_cast<double>(bytes);
    const char* unit = "";
    for (const char* next : {"kB", "MB", "GB", "TB"}) {
        if (value < 1000) break;
        value /= 1000;
        unit = next;
    }
    return formatted("%.1f %s", value, unit);
}

std::string to_text(const Report& report) {
    double seconds = report.seconds > 0 ? report.seconds : 1e-9;
    std::string text = report.interrupted ? "Interrupted; the report so far:\n" : "";
    text += row("pages", count(report.pages));
    text += row("links", count(report.links));
    text += row("fetches",
                count(report.fetches) + (report.retries > 0 ? " (" + count(report.retries) + " of them retries)" : ""));
    text += row("bytes", count(report.bytes) + " (" + human_size(report.bytes) + ")");
    text += row("seconds", formatted("%.2f", report.seconds));
    text += row("pages/s", formatted("%.1f", static_cast<double>(report.pages) / seconds));
    text += row("redirects", count(report.redirects.size()));
    text += row("broken links", count(report.broken.size()) + of_urls(report.broken));
    if (std::string skipped = not_checked(report); !skipped.empty()) text += row("not checked", skipped);
    if (!report.slowest.empty()) text += "Slowest pages:\n";
    for (const SlowPage& page : report.slowest)
        text += formatted("  %7.3f s  ", page.seconds) + printable(page.url) + "\n";
    if (!report.redirects.empty()) text += "Redirects:\n";
    for (const Redirect& redirect : report.redirects)
        text += "  " + std::to_string(redirect.status) + " " + printable(redirect.from) + " -> " +
                printable(redirect.to) + "\n";
    if (!report.broken.empty()) text += "Broken links:\n" + broken_links(report.broken);
    return text;
}

}  // namespace crawler
