#pragma once

#include <asyncio/base/log.hpp>
#include <asyncio/base/standard/memory.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace asyncio::testing {

/// Takes what the library logs, instead of stderr, for as long as it lives; then the previous sink is back.
///
///     asyncio::testing::CapturedLog log;
///     ...
///     EXPECT_TRUE(log.contains("was never awaited"));
///
/// Thread safety: any thread may log and ask. Captures of the same process must nest.
class CapturedLog {
public:
    /// One message.
    struct Line {
        LogLevel level;    ///< how serious
        std::string text;  ///< the message, without a line end
    };

    /// Begins to capture; its destructor ends it.
    CapturedLog();
    CapturedLog(const CapturedLog&) = delete;
    CapturedLog& operator=(const CapturedLog&) = delete;
    ~CapturedLog();

    /// What was logged so far, all levels.
    [[nodiscard]] std::vector<Line> lines() const;
    /// True if any line contains `part`.
    [[nodiscard]] bool contains(std::string_view part) const;
    /// All lines, each with a newline.
    [[nodiscard]] std::string text() const;
    /// Forgets what was logged so far.
    void clear();

private:
    struct Lines;
    std::shared_ptr<Lines> lines_;  // shared with the sink
    LogSink previous_;
};

}  // namespace asyncio::testing
