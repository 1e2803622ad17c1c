#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace crawler {

/// One fetch on the time axis; times in seconds since the crawl began.
struct TimelineBar {
    std::string url;
    double start = 0;
    double end = 0;
    int status = 0;  ///< 0 when there was no answer.
    std::uint64_t bytes = 0;
    std::string failure{};  ///< Empty when the fetch went well.
};

/// For each bar the lowest lane that is free when it starts: the number of lanes is the highest number of simultaneous
/// fetches, which is what the picture is to show. Bars need not be sorted.
std::vector<std::size_t> assign_lanes(const std::vector<TimelineBar>& bars);

/// One self-contained HTML page (no script library, no font, nothing loaded) with a bar per fetch, a curve of how many
/// were in flight, zoom and tooltips.
std::string timeline_page(const std::vector<TimelineBar>& bars, std::string_view title);

}  // namespace crawler
