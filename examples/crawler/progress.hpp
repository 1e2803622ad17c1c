#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>

namespace crawler {

/// How far a crawl is.
struct ProgressCounts {
    std::uint64_t pages = 0;
    std::uint64_t broken = 0;
    std::size_t queued = 0;
    std::size_t in_flight = 0;
    double seconds = 0;
};

/// "1204 pages done, 310 queued, 64 in flight, 2 broken, 850.1 pages/s"
std::string progress_line(const ProgressCounts& counts);

/// Tells people that something is going on: one line that is written over on a terminal, a plain line now and then
/// elsewhere.
class Progress {
public:
    Progress(std::FILE* file, bool terminal) : file_(file), terminal_(terminal) {}

    /// How often update() should be called.
    std::chrono::milliseconds interval() const {
        return terminal_ ? std::chrono::milliseconds(100) : std::chrono::milliseconds(2000);
    }

    void update(const ProgressCounts& counts);

    /// Removes the line from the terminal, for the report to begin on a clean one.
    void clear();

private:
    std::FILE* file_;
    bool terminal_;
    bool line_is_up_ = false;
};

}  // namespace crawler
