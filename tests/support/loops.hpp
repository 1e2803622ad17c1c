#pragma once

#include <asyncio/loop/event_loop.hpp>
#include <asyncio/task/run_until_complete.hpp>

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <utility>

namespace support {

/// The drivers that every test of the loop and of what stands on it runs on. The foreign one is the third party's of
/// examples/foreign_loop.
enum class DriverKind { epoll, simulated, foreign };

/// What a test runs on: a driver, and whether the loop starts tasks eagerly.
struct LoopKind {
    DriverKind driver = DriverKind::epoll;
    bool eager = false;
};

inline constexpr std::array each_driver{LoopKind{DriverKind::epoll}, LoopKind{DriverKind::simulated},
                                        LoopKind{DriverKind::foreign}};
inline constexpr std::array each_driver_and_eager{LoopKind{DriverKind::epoll}, LoopKind{DriverKind::simulated},
                                                  LoopKind{DriverKind::foreign}, LoopKind{DriverKind::simulated, true}};
inline constexpr std::array virtual_and_eager{LoopKind{DriverKind::simulated}, LoopKind{DriverKind::simulated, true}};

[[nodiscard]] std::string name_of(LoopKind kind);

/// A new loop of that kind.
[[nodiscard]] std::unique_ptr<asyncio::EventLoop> make_loop(DriverKind kind);
[[nodiscard]] std::unique_ptr<asyncio::EventLoop> make_loop(LoopKind kind);

/// A test that runs once on each driver, with a loop of its own that is closed at the end:
///
///     class CallSoon : public support::OnEachDriver {};
///     ASYNCIO_ON_EACH_DRIVER(CallSoon);
///     TEST_P(CallSoon, ORD_2_is_fifo) { loop.call_soon(...); loop.call_soon([&] { loop.stop(); }); loop.run_forever();
///     }
class OnEachDriver : public ::testing::TestWithParam<LoopKind> {
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
    [[nodiscard]] bool simulated() const { return GetParam().driver == DriverKind::simulated; }
    [[nodiscard]] bool eager() const { return GetParam().eager; }

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
#define ASYNCIO_ON_EACH_DRIVER(suite) ASYNCIO_ON_LOOPS_OF(suite, support::each_driver)

/// The same, and with eager tasks: for what has the same outcome with them. A single test that has not begins with
/// ASYNCIO_NOT_EAGER("why").
#define ASYNCIO_ON_EACH_DRIVER_AND_EAGER(suite) ASYNCIO_ON_LOOPS_OF(suite, support::each_driver_and_eager)

/// With the virtual clock only, with and without eager tasks.
#define ASYNCIO_ON_VIRTUAL_CLOCK_AND_EAGER(suite) ASYNCIO_ON_LOOPS_OF(suite, support::virtual_and_eager)

#define ASYNCIO_ON_LOOPS_OF(suite, kinds)                                \
    INSTANTIATE_TEST_SUITE_P(Drivers, suite, ::testing::ValuesIn(kinds), \
                             [](const auto& info) { return support::name_of(info.param); })

#define ASYNCIO_NOT_EAGER(reason) \
    if (eager()) GTEST_SKIP() << (reason)
