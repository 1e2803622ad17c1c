#pragma once

#include <asyncio/loop/event_loop.hpp>
#include <asyncio/task/run_until_complete.hpp>

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <utility>

namespace support {

/// The drivers that every test of the loop and of what stands on it runs on.
enum class DriverKind { epoll, simulated };

inline constexpr std::array all_drivers{DriverKind::epoll, DriverKind::simulated};

[[nodiscard]] std::string name_of(DriverKind kind);

/// A new loop on that driver.
[[nodiscard]] std::unique_ptr<asyncio::EventLoop> make_loop(DriverKind kind);

/// A test that runs once on each driver, with a loop of its own that is closed at the end:
///
///     class CallSoon : public support::OnEachDriver {};
///     ASYNCIO_ON_EACH_DRIVER(CallSoon);
///     TEST_P(CallSoon, ORD_2_is_fifo) { loop.call_soon(...); loop.call_soon([&] { loop.stop(); }); loop.run_forever();
///     }
class OnEachDriver : public ::testing::TestWithParam<DriverKind> {
public:
    /// Runs a coroutine, or a callable that returns one, to its end on `loop`; its result or exception comes out.
    template <class Coroutine>
    decltype(auto) run(Coroutine&& coroutine) {
        return loop.run_until_complete(std::forward<Coroutine>(coroutine));
    }
    /// One iteration that does not block.
    void run_once() {
        loop.stop();
        loop.run_forever();
    }
    [[nodiscard]] bool simulated() const { return GetParam() == DriverKind::simulated; }

    void TearDown() override {
        if (!loop.is_closed()) loop.close();
    }

private:
    std::unique_ptr<asyncio::EventLoop> owned_loop_ = make_loop(GetParam());

public:
    asyncio::EventLoop& loop = *owned_loop_;
};

}  // namespace support

/// Instantiates a suite derived from support::OnEachDriver.
#define ASYNCIO_ON_EACH_DRIVER(suite)                                                   \
    INSTANTIATE_TEST_SUITE_P(Drivers, suite, ::testing::ValuesIn(support::all_drivers), \
                             [](const auto& info) { return support::name_of(info.param); })
