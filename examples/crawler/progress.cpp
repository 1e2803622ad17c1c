#include "progress.hpp"

namespace crawler {

std::string progress_line(const ProgressCounts& counts) {
    double rate = counts.seconds > 0 ? static_cast<double>(counts.pages) / counts.seconds : 0;
    char buffer[200];
    std::snprintf(buffer, sizeof buffer, "%llu pages done, %zu queued, %zu in flight, %llu broken, %.1f pages/s",
                  static_cast<unsigned long long>(counts.pages), counts.queued, counts.in_flight,
                  static_cast<unsigned long long>(counts.broken), rate);
    return buffer;
}

void Progress::update(const ProgressCounts& counts) {
    std::string line = progress_line(counts);
    if (terminal_)
        std::fprintf(file_, "\r%s\x1b[K", line.c_str());
    else
        std::fprintf(file_, "%s\n", line.c_str());
    std::fflush(file_);
    line_is_up_ = true;
}

void Progress::clear() {
    if (terminal_ && line_is_up_) std::fprintf(file_, "\r\x1b[K");
    std::fflush(file_);
    line_is_up_ = false;
}

}  // namespace crawler
