#pragma once

#include "link_table.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace crawler {

/// A page and how long its fetch took.
struct SlowPage {
    std::string url;
    double seconds = 0;
};

struct Redirect {
    std::string from;
    std::string to;
    int status = 0;
};

/// What a crawl found out.
struct Report {
    static constexpr std::size_t slowest_kept = 10;
    static constexpr std::size_t places_shown = 10;  ///< Of one broken URL, in the report for people.

    std::uint64_t pages = 0;    ///< HTML documents that were read.
    std::uint64_t fetches = 0;  ///< Requests that were made, retries included.
    std::uint64_t links = 0;    ///< Links found on the pages and on the command line.
    std::uint64_t bytes = 0;    ///< Of bodies, after decompression.
    std::uint64_t retries = 0;
    std::uint64_t other_hosts = 0;    ///< Links to hosts outside the crawl that were not checked.
    std::uint64_t other_schemes = 0;  ///< mailto:, javascript: and the like.
    std::uint64_t forbidden = 0;      ///< URLs robots.txt keeps us from.
    std::uint64_t not_fetched = 0;    ///< URLs left in the queue by --max-pages or an interrupt.
    std::uint64_t beyond_limits = 0;  ///< Links to URLs for which there was no room any more; see LinkTable::Limits.
    double seconds = 0;
    bool interrupted = false;
    std::vector<Redirect> redirects;
    std::vector<SlowPage> slowest;  ///< Slowest first.
    std::vector<BrokenLink> broken;

    /// Keeps the page among the slowest if it is one of them.
    void note_page_time(const std::string& url, double seconds);

    /// Orders the rows by page and line, and drops repeated ones (the same link twice on a line).
    void sort_broken();
};

/// The report for people.
std::string to_text(const Report& report);

/// The report for programs: the top-level keys pages, links, bytes, seconds, redirects, slowest, broken and some more.
std::string to_json(const Report& report);

/// "1.5 MB"
std::string human_size(std::uint64_t bytes);

}  // namespace crawler
