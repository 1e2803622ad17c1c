#include "timeline.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <numeric>
#include <queue>

namespace crawler {
namespace {

constexpr double chart_width = 10'000;  ///< The whole crawl in units of the drawing; the browser scales it.
constexpr double curve_height = 60;

template <class... Values>
std::string formatted(const char* format, Values... values) {
    char buffer[512];
    std::snprintf(buffer, sizeof buffer, format, values...);
    return buffer;
}

std::string escaped(std::string_view text) {
    std::string out;
    for (char c : text) {
        if (c == '&')
            out += "&amp;";
        else if (c == '<')
            out += "&lt;";
        else if (c == '>')
            out += "&gt;";
        else if (c == '"')
            out += "&quot;";
        else
            out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
    return out;
}

const char* kind(const TimelineBar& bar) {
    if (!bar.failure.empty()) return "bad";
    return bar.status >= 300 && bar.status < 400 ? "moved" : "good";
}

/// A round number of seconds, so that about eight of them fill the axis.
double tick_step(double seconds) {
    double step = std::pow(10, std::floor(std::log10(seconds / 8)));
    for (double factor : {1.0, 2.0, 5.0, 10.0})
        if (seconds / (step * factor) <= 10) return step * factor;
    return step * 10;
}

std::string axis(double seconds) {
    std::string html;
    double step = tick_step(seconds);
    for (int i = 0; i * step <= seconds; ++i)
        html += formatted("<span style=\"left:%.3f%%\">%g s</span>", 100 * i * step / seconds, i * step);
    return html;
}

/// How many fetches are in flight, as an area.
std::string concurrency_curve(const std::vector<TimelineBar>& bars, double seconds, std::size_t highest) {
    std::vector<std::pair<double, int>> changes;
    for (const TimelineBar& bar : bars) {
        changes.emplace_back(bar.start, 1);
        changes.emplace_back(bar.end, -1);
    }
    std::sort(changes.begin(), changes.end());
    std::string path = formatted("M0 %g", curve_height);
    int in_flight = 0;
    double scale = curve_height / static_cast<double>(std::max<std::size_t>(highest, 1));
    for (auto [time, change] : changes) {
        in_flight += change;
        path += formatted("H%.1fV%.1f", time / seconds * chart_width, curve_height - in_flight * scale);
    }
    return path + formatted("H%gV%gZ", chart_width, curve_height);
}

std::string bar_rect(const TimelineBar& bar, double seconds, double y, double height) {
    double x = bar.start / seconds * chart_width;
    double width = std::max((bar.end - bar.start) / seconds * chart_width, 1.0);
    std::string status = bar.status == 0 ? "no answer" : "HTTP " + std::to_string(bar.status);
    return formatted("<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"><title>", kind(bar), x, y,
                     width, height) +
           escaped(bar.url) +
           formatted("\n%.3f s to %.3f s (%.1f ms), ", bar.start, bar.end, (bar.end - bar.start) * 1e3) + status +
           ", " + std::to_string(bar.bytes) + " bytes" + (bar.failure.empty() ? "" : "\n" + escaped(bar.failure)) +
           "</title></rect>\n";
}

constexpr std::string_view style = R"(
body { font: 14px sans-serif; margin: 1.5em; color: #222; background: #fff }
.scroll { overflow: hidden; border: 1px solid #ccc; cursor: grab; position: relative }
svg { display: block; width: 100% } svg.curve { height: 60px; background: #f6f8fa; border-bottom: 1px solid #ccc }
.curve path { fill: #9ecbff } rect.good { fill: #2b6cb0 } rect.moved { fill: #d69e2e } rect.bad { fill: #c53030 }
rect:nth-child(even) { opacity: .75 } rect:hover { fill: #000 }
.axis { position: relative; height: 1.6em; overflow: hidden } .axis span { position: absolute; border-left: 1px solid #888; padding-left: 3px;
white-space: nowrap; font-size: 12px } .key i { display: inline-block; width: 1em; height: .8em; margin: 0 .3em 0 1em }
)";

/// Zoom with the wheel, move by dragging, double click for the whole; without a script the picture still stands.
constexpr std::string_view script = R"(
const W = 10000, box = document.querySelector('.scroll'), axis = document.querySelector('.axis');
let left = 0, width = W, grip = null;
function show() {
  width = Math.min(W, Math.max(width, W / 5000)); left = Math.min(W - width, Math.max(0, left));
  for (const svg of box.querySelectorAll('svg')) svg.setAttribute('viewBox', left + ' 0 ' + width + ' ' + svg.dataset.height);
  const span = width / W * seconds, from = left / W * seconds;
  let step = 10 ** Math.floor(Math.log10(span / 8));
  step *= [1, 2, 5, 10].find(f => span / (step * f) <= 10) || 10;
  axis.replaceChildren();
  for (let t = Math.ceil(from / step) * step; t <= from + span; t += step) {
    const mark = document.createElement('span');
    mark.style.left = 100 * (t - from) / span + '%'; mark.textContent = +t.toPrecision(6) + ' s'; axis.append(mark);
  }
}
box.addEventListener('wheel', e => {
  e.preventDefault();
  const at = (e.clientX - box.getBoundingClientRect().left) / box.clientWidth, wide = width * (e.deltaY > 0 ? 1.25 : 0.8);
  left += at * (width - wide); width = wide; show();
}, { passive: false });
box.addEventListener('mousedown', e => { grip = e.clientX; e.preventDefault(); });
addEventListener('mouseup', () => grip = null);
addEventListener('mousemove', e => {
  if (grip === null) return;
  left -= (e.clientX - grip) / box.clientWidth * width; grip = e.clientX; show();
});
box.addEventListener('dblclick', () => { left = 0; width = W; show(); });
)";

}  // namespace

std::vector<std::size_t> assign_lanes(const std::vector<TimelineBar>& bars) {
    std::vector<std::size_t> order(bars.size());
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(),
              [&](auto a, auto b) { return std::pair(bars[a].start, a) < std::pair(bars[b].start, b); });
    using Busy = std::pair<double, std::size_t>;  // until when, which lane
    std::priority_queue<Busy, std::vector<Busy>, std::greater<>> busy;
    std::priority_queue<std::size_t, std::vector<std::size_t>, std::greater<>> free;
    std::size_t count = 0;
    std::vector<std::size_t> lanes(bars.size());
    for (std::size_t index : order) {
        for (; !busy.empty() && busy.top().first <= bars[index].start; busy.pop()) free.push(busy.top().second);
        if (free.empty()) free.push(count++);
        lanes[index] = free.top();
        free.pop();
        busy.emplace(bars[index].end, lanes[index]);
    }
    return lanes;
}

std::string timeline_page(const std::vector<TimelineBar>& bars, std::string_view title) {
    double seconds = 1e-3;
    double fetching = 0;
    for (const TimelineBar& bar : bars) {
        seconds = std::max(seconds, bar.end);
        fetching += bar.end - bar.start;
    }
    std::vector<std::size_t> lanes = assign_lanes(bars);
    std::size_t lane_count = lanes.empty() ? 1 : *std::max_element(lanes.begin(), lanes.end()) + 1;
    double lane_height = lane_count <= 16 ? 16 : lane_count <= 100 ? 8 : 4;
    double height = lane_height * static_cast<double>(lane_count);

    std::string html = "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>" + escaped(title) +
                       "</title><style>" + std::string(style) + "</style></head><body>\n<h1>" + escaped(title) +
                       "</h1>\n";
    html += formatted(
        "<p>%zu fetches in %.2f s; %zu at a time at most, %.1f on average. One bar is one fetch, one row a slot "
        "that was free. Wheel: zoom, drag: move, double click: whole.",
        bars.size(), seconds, lanes.empty() ? 0 : lane_count, fetching / seconds);
    html +=
        "</p>\n<p class=\"key\">"
        "<i style=\"background:#2b6cb0\"></i>good<i style=\"background:#d69e2e\"></i>redirect"
        "<i style=\"background:#c53030\"></i>failed<i style=\"background:#9ecbff\"></i>fetches in flight</p>\n";
    html += "<div class=\"scroll\">\n" +
            formatted(
                "<svg class=\"curve\" data-height=\"%g\" viewBox=\"0 0 %g %g\" preserveAspectRatio=\"none\"><path d=\"",
                curve_height, chart_width, curve_height) +
            concurrency_curve(bars, seconds, lane_count) + "\"/></svg>\n";
    html +=
        formatted("<svg data-height=\"%g\" style=\"height:%gpx\" viewBox=\"0 0 %g %g\" preserveAspectRatio=\"none\">\n",
                  height, height, chart_width, height);
    for (std::size_t i = 0; i < bars.size(); ++i)
        html += bar_rect(bars[i], seconds, static_cast<double>(lanes[i]) * lane_height, lane_height - 1);
    html += "</svg></div>\n<div class=\"axis\">" + axis(seconds) + "</div>\n";
    html += formatted("<script>const seconds = %.6f;", seconds) + std::string(script) + "</script></body></html>\n";
    return html;
}

}  // namespace crawler
