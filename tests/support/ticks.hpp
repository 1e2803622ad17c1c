#pragma once

#include <asyncio/loop/driver/simulated.hpp>
#include <asyncio/loop/event_loop.hpp>

#include <cstdint>

namespace support {

/// Counts the iterations of a loop, to test hops: `now()` is the number of the present iteration, 1 for the first one
/// that starts after the construction. Construct it before anything else is queued.
///
/// On the simulated driver it asks the driver and leaves the loop alone, so the clock jumps from timer to timer as
/// ever. On others a handle queues itself again and again, and is the first in each iteration; the loop never blocks
/// then.
class Ticks {
public:
    explicit Ticks(asyncio::EventLoop& loop)
        : loop_(loop),
          simulated_(dynamic_cast<asyncio::SimulatedDriver*>(&loop.driver())) {
        if (simulated_ != nullptr) {
            start_ = simulated_->waits();
        } else {
            queue();
        }
    }
    Ticks(const Ticks&) = delete;
    Ticks& operator=(const Ticks&) = delete;
    ~Ticks() { handle_.cancel(); }

    [[nodiscard]] int now() const {
        return simulated_ != nullptr ? static_cast<int>(simulated_->waits() - start_) : count_;
    }

private:
    void queue() {
        handle_ = loop_.call_soon([this] {
            ++count_;
            queue();
        });
    }

    asyncio::EventLoop& loop_;
    asyncio::SimulatedDriver* simulated_;
    asyncio::Handle handle_;
    std::uint64_t start_ = 0;
    int count_ = 0;
};

}  // namespace support
