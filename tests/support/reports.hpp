#pragma once

#include <asyncio/loop/event_loop.hpp>

#include <string>
#include <vector>

namespace support {

/// Takes the place of a loop's exception handler and keeps what it is given. Must outlive what the loop still runs.
class Reports {
public:
    explicit Reports(asyncio::EventLoop& loop) : loop_(loop) {
        loop.set_exception_handler(
            [this](asyncio::EventLoop&, const asyncio::ExceptionContext& context) { contexts_.push_back(context); });
    }
    Reports(const Reports&) = delete;
    Reports& operator=(const Reports&) = delete;
    ~Reports() { loop_.set_exception_handler({}); }

    [[nodiscard]] const std::vector<asyncio::ExceptionContext>& contexts() const { return contexts_; }
    [[nodiscard]] std::vector<std::string> messages() const {
        std::vector<std::string> all;
        for (const auto& context : contexts_) all.push_back(context.message);
        return all;
    }

private:
    asyncio::EventLoop& loop_;
    std::vector<asyncio::ExceptionContext> contexts_;
};

}  // namespace support
