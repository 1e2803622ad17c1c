// The iteration model: section 1 of the specification, those rows that need neither gather nor wait nor timeouts.

#include "support/loops.hpp"
#include "support/ticks.hpp"
#include "support/trace.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/loop/driver/epoll.hpp>
#include <asyncio/loop/driver/simulated.hpp>
#include <asyncio/task/run_until_complete.hpp>

#include <gtest/gtest.h>

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <stdexcept>
#include <utility>

namespace {

using asyncio::Coro;
using namespace std::chrono_literals;

class Order : public support::OnEachDriver {
protected:
    support::Trace trace;
};
ASYNCIO_ON_EACH_DRIVER_AND_EAGER(Order);

TEST(OrderEpoll, ORD_1_queued_then_readers_before_writers_then_timers) {
    asyncio::EventLoop loop;
    support::Trace trace;
    std::array<int, 2> pair{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair.data()), 0);
    ASSERT_EQ(::write(pair[1], "x", 1), 1);
    loop.call_at(loop.time() - 1s, [&] { trace("timer"); });
    loop.add_writer(pair[0], [&] { trace("writer"); });
    loop.add_reader(pair[0], [&] { trace("reader"); });
    loop.call_soon([&] { trace("queued"); });
    loop.call_soon_threadsafe([&] { trace("posted"); });
    loop.stop();
    loop.run_forever();
    EXPECT_EQ(trace.str(), "queued posted reader writer timer");
    loop.remove_reader(pair[0]);
    loop.remove_writer(pair[0]);
    loop.close();
    ::close(pair[0]);
    ::close(pair[1]);
}

TEST_P(Order, ORD_2_call_soon_is_fifo_and_runs_in_the_next_iteration) {
    support::Ticks ticks(loop);
    loop.call_soon([&] {
        loop.call_soon([&] { trace("c", ticks.now()); });
        trace("a", ticks.now());
    });
    auto task = loop.create_task([&]() -> Coro<> {
        loop.call_soon([&] { trace("d", ticks.now()); });
        trace("b", ticks.now());
        co_return;
    });
    task.add_done_callback([&](const auto&) {
        loop.call_soon([&] {
            trace("f", ticks.now());
            loop.stop();
        });
        trace("e", ticks.now());
    });
    loop.run_forever();
    EXPECT_EQ(trace.str(), "a1 b1 c2 d2 e2 f3");
}

TEST_P(Order, ORD_3_timers_that_are_due_run_after_everything_queued) {
    support::Ticks ticks(loop);
    loop.call_soon([&] {
        loop.call_later(0ms, [&] { trace("later0-", ticks.now()); });
        loop.call_later(-1s, [&] { trace("later-1-", ticks.now()); });
        loop.call_at(loop.time() - 5s, [&] { trace("at-5-", ticks.now()); });
        loop.call_soon([&] { trace("soon-", ticks.now()); });
    });
    run_once();
    EXPECT_EQ(trace.str(), "");
    run_once();
    EXPECT_EQ(trace.str(), "soon-2 at-5-2 later-1-2 later0-2");
}

TEST_P(Order, ORD_4_equal_deadlines_run_in_the_order_of_the_calls) {
    const auto when = loop.time() - 1ms;
    for (int i = 0; i < 30; ++i) loop.call_at(when, [&, i] { trace(i); });
    run_once();
    EXPECT_EQ(trace.str(), "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29");
}

TEST_P(Order, ORD_18_run_until_complete_returns_after_the_iteration_that_follows) {
    loop.run_until_complete([&]() -> Coro<> {
        loop.call_soon([&] {
            trace("queued-in-the-last-step");
            loop.call_soon([&] { trace("queued-by-that"); });
        });
        co_return;
    });
    EXPECT_EQ(trace.str(), "queued-in-the-last-step");
    run_once();
    EXPECT_EQ(trace.str(), "queued-in-the-last-step queued-by-that");
}

TEST_P(Order, ORD_19_stop_inside_an_iteration_lets_the_rest_of_it_run) {
    loop.call_soon([&] {
        loop.stop();
        loop.stop();
        loop.call_soon([&] { trace("next-run"); });
    });
    loop.call_soon([&] { trace("rest"); });
    loop.run_forever();
    EXPECT_EQ(trace.str(), "rest");
    run_once();
    EXPECT_EQ(trace.str(), "rest next-run");
}

TEST_P(Order, ORD_20_stop_before_the_run_gives_one_iteration_that_does_not_block) {
    loop.call_soon([&] {
        trace("queued");
        loop.call_soon([&] { trace("second"); });
    });
    loop.call_later(0ms, [&] { trace("due"); });
    loop.call_later(1h, [&] { trace("not-due"); });
    loop.stop();
    loop.run_forever();
    EXPECT_EQ(trace.str(), "queued due");
    loop.call_soon([&] { loop.call_soon([&] { loop.stop(); }); });
    loop.run_forever();  // the flag was cleared: this run goes on until it is stopped
    EXPECT_EQ(trace.str(), "queued due second");
}

TEST_P(Order, ORD_20_stop_before_the_run_with_nothing_to_do) {
    const auto before = loop.time();
    loop.call_later(1h, [&] { trace("never"); });
    loop.stop();
    loop.run_forever();
    EXPECT_LT(loop.time() - before, 1h);
    EXPECT_EQ(trace.str(), "");
}

TEST_P(Order, ORD_23_a_handle_cancelled_earlier_in_the_same_iteration_does_not_run) {
    asyncio::Handle victim;
    asyncio::TimerHandle timer;
    loop.call_soon([&] {
        victim.cancel();
        timer.cancel();
        trace("canceller");
    });
    victim = loop.call_soon([&] { trace("victim"); });
    timer = loop.call_later(-1s, [&] { trace("timer"); });
    run_once();
    run_once();
    EXPECT_EQ(trace.str(), "canceller");
}

TEST_P(Order, ORD_24_a_queue_that_is_never_empty_still_serves_timers) {
    auto* const driver = dynamic_cast<asyncio::SimulatedDriver*>(&loop.driver());
    int iterations = 0;
    auto spinner = loop.create_task([&]() -> Coro<> {
        for (;;) {
            if (++iterations == 100 && driver != nullptr) driver->advance(1ms);
            co_await asyncio::sleep(0ms);
        }
    });
    loop.call_later(1ms, [&] { loop.stop(); });
    loop.run_forever();
    if (driver != nullptr) {
        EXPECT_EQ(iterations, 101);
    }
    spinner.cancel();
    EXPECT_THROW(run(spinner), asyncio::CancelledError);
}

/// A loop whose ready queue is never empty, and a descriptor that becomes readable meanwhile.
class OrderBusyLoop : public testing::Test {
protected:
    OrderBusyLoop() {
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair.data()) != 0)
            throw std::runtime_error("no socketpair");
    }
    ~OrderBusyLoop() override {
        ::close(pair[0]);
        ::close(pair[1]);
    }
    void make_readable() { EXPECT_EQ(::write(pair[1], "x", 1), 1); }
    /// Until the loop is stopped; calls `on_readable`.
    template <class F>
    void run_busy(Coro<> spinning, F on_readable) {
        auto spinner = loop.create_task(std::move(spinning));
        loop.add_reader(pair[0], std::move(on_readable));
        loop.run_forever();
        loop.remove_reader(pair[0]);
        spinner.cancel();
        EXPECT_THROW(loop.run_until_complete(spinner), asyncio::CancelledError);
        loop.close();
    }

    asyncio::EventLoop loop;
    std::array<int, 2> pair{};
};

TEST_F(OrderBusyLoop, ORD_24_a_queue_that_is_never_empty_still_serves_descriptors) {
    int iterations = 0;
    int when_written = 0;
    const auto spin = [&]() -> Coro<> {
        for (;;) {
            if (++iterations == 100) {
                when_written = iterations;
                make_readable();
            }
            co_await asyncio::sleep(0ms);
        }
    };
    run_busy(spin(), [&] { loop.stop(); });
    EXPECT_LE(iterations - when_written, 65);
}

TEST_F(OrderBusyLoop, ORD_24_the_first_polls_of_a_busy_loop_are_not_further_apart_than_the_others) {
    int iterations = 0;
    int polls = 0;
    int last = 0;
    const auto spin = [&]() -> Coro<> {
        for (;; ++iterations) co_await asyncio::sleep(0ms);
    };
    make_readable();  // all the time
    run_busy(spin(), [&] {
        EXPECT_LE(iterations - last, 64);
        last = iterations;
        if (++polls == 20) loop.stop();
    });
}

/// epoll with a clock that is moved by hand, and a count of the iterations between two polls.
class CountedPolls final : public asyncio::EpollDriver {
public:
    [[nodiscard]] asyncio::Clock::time_point now() noexcept override { return time; }
    void wait(asyncio::Clock::time_point deadline) override {
        longest = std::max(longest, iteration - last_);
        last_ = iteration;
        EpollDriver::wait(deadline);
    }

    asyncio::Clock::time_point time{1000s};
    int iteration = 0;
    int longest = 0;

private:
    int last_ = 0;
};

TEST(OrderBusyClock, ORD_24_polls_are_not_further_apart_when_iterations_turn_quick) {
    auto owned = std::make_unique<CountedPolls>();
    CountedPolls& driver = *owned;
    asyncio::EventLoop loop(std::move(owned));
    loop.run_until_complete([&]() -> Coro<> {
        for (int slow = 0; slow < 130; ++slow) {
            for (int i = 0; i < slow + 150; ++i) {
                ++driver.iteration;
                if (i < slow) driver.time += 17us;
                co_await asyncio::sleep(0ms);
            }
        }
    });
    EXPECT_LE(driver.longest, 64);
    EXPECT_GE(driver.longest, 60);  // it was busy
    loop.close();
}

TEST(OrderSimulated, ORD_24_under_the_virtual_clock_every_iteration_asks_for_io) {
    auto owned = std::make_unique<asyncio::SimulatedDriver>();
    asyncio::SimulatedDriver& driver = *owned;
    asyncio::EventLoop loop(std::move(owned));
    const auto before = driver.waits();
    loop.run_until_complete([]() -> Coro<> {
        for (int i = 0; i < 10; ++i) co_await asyncio::sleep(0ms);
    });
    EXPECT_EQ(driver.waits() - before, 12U);  // first step, ten more, and the callback that stops
    loop.close();
}

}  // namespace
