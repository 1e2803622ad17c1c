#pragma once

#include <concepts>
#include <sstream>
#include <string>
#include <vector>

namespace support {

/// What happened, in order: `trace("w1")`, `trace("b", 2)` (recorded as "b2"), then
/// `EXPECT_EQ(trace.str(), "w1 b2")`.
class Trace {
public:
    template <class... Parts>
    void operator()(const Parts&... parts) {
        std::ostringstream text;
        (text << ... << parts);
        entries_.push_back(text.str());
    }

    [[nodiscard]] const std::vector<std::string>& entries() const { return entries_; }

    /// The entries with single spaces between them.
    [[nodiscard]] std::string str() const {
        std::string all;
        for (const std::string& entry : entries_) {
            if (!all.empty()) all += ' ';
            all += entry;
        }
        return all;
    }
    void clear() { entries_.clear(); }

private:
    std::vector<std::string> entries_;
};

}  // namespace support
