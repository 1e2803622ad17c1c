#include <asyncio/testing/captured_log.hpp>

#include <algorithm>
#include <mutex>
#include <utility>

namespace asyncio::testing {

struct CapturedLog::Lines {
    mutable std::mutex mutex;
    std::vector<Line> all;
};

CapturedLog::CapturedLog() : lines_(std::make_shared<Lines>()) {
    previous_ = set_log_sink([lines = lines_](LogLevel level, std::string_view message) {
        const std::lock_guard lock(lines->mutex);
        lines->all.push_back({level, std::string(message)});
    });
}

CapturedLog::~CapturedLog() {
    set_log_sink(std::move(previous_));
}

std::vector<CapturedLog::Line> CapturedLog::lines() const {
    const std::lock_guard lock(lines_->mutex);
    return lines_->all;
}

bool CapturedLog::contains(std::string_view part) const {
    const std::lock_guard lock(lines_->mutex);
    return std::any_of(lines_->all.begin(), lines_->all.end(),
                       [&](const Line& line) { return line.text.find(part) != std::string::npos; });
}

std::string CapturedLog::text() const {
    const std::lock_guard lock(lines_->mutex);
    std::string text;
    for (const Line& line : lines_->all) text += line.text + '\n';
    return text;
}

void CapturedLog::clear() {
    const std::lock_guard lock(lines_->mutex);
    lines_->all.clear();
}

}  // namespace asyncio::testing
