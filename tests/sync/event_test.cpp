// Event: EVENT-1 to EVENT-7, and the common rules on it.

#include "support/loops.hpp"
#include "support/trace.hpp"
#include "support/turns.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/testing/captured_log.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace {

using asyncio::Coro;
using asyncio::Event;
using asyncio::Task;
using support::Trace;
using support::turns;
using namespace std::chrono_literals;

class EventTest : public support::OnEachDriver {
protected:
    Task<void> waiter(Event& event, std::string name) {
        return loop.create_task([this, &event, name = std::move(name)]() -> Coro<> {
            try {
                EXPECT_TRUE(co_await event.wait());
                trace(name, event.is_set() ? "+" : "-");
            } catch (const asyncio::CancelledError&) {
                trace("c", name);
                throw;
            }
        });
    }
    Trace trace;
};
ASYNCIO_ON_EACH_DRIVER(EventTest);

TEST_P(EventTest, EVENT_1_starts_unset) {
    const Event event;
    EXPECT_FALSE(event.is_set());
}

TEST_P(EventTest, EVENT_2_set_wakes_all_in_order_and_can_be_called_from_a_callback) {
    Event event;
    run([&]() -> Coro<> {
        std::vector<Task<void>> tasks;
        for (const char* name : {"a", "b", "c"}) tasks.push_back(waiter(event, name));
        loop.call_later(1ms, [&] { event.set(); });
        co_await asyncio::wait(tasks);
        event.set();
        EXPECT_TRUE(event.is_set());
    });
    EXPECT_EQ(trace.str(), "a+ b+ c+");
}

TEST_P(EventTest, SYNC_2_set_runs_nobody_inline) {
    Event event;
    run([&]() -> Coro<> {
        auto task = waiter(event, "w");
        co_await turns();
        event.set();
        trace("set");
        co_await turns();
        EXPECT_EQ(trace.str(), "set w+");
    });
}

TEST_P(EventTest, EVENT_3_clear_makes_later_waits_block) {
    Event event;
    run([&]() -> Coro<> {
        event.set();
        event.clear();
        EXPECT_FALSE(event.is_set());
        auto task = waiter(event, "w");
        co_await turns(3);
        EXPECT_FALSE(task.done());
        event.set();
        co_await task;
    });
}

TEST_P(EventTest, EVENT_4_a_wait_for_a_set_event_does_not_give_way) {
    Event event;
    event.set();
    run([&]() -> Coro<> {
        auto other = asyncio::create_task([&]() -> Coro<> {
            trace("other");
            co_return;
        });
        for (int i = 0; i < 3; ++i) EXPECT_TRUE(co_await event.wait());
        EXPECT_EQ(trace.str(), "");
        co_await other;
    });
}

TEST_P(EventTest, EVENT_5_set_and_clear_in_one_tick_still_wakes_those_who_waited) {
    Event event;
    run([&]() -> Coro<> {
        auto a = waiter(event, "a");
        auto b = waiter(event, "b");
        co_await turns();
        event.set();
        event.clear();
        auto late = waiter(event, "late");
        co_await turns(3);
        EXPECT_EQ(trace.str(), "a- b-");
        EXPECT_FALSE(late.done());
        EXPECT_EQ(event.statistics().waiters.waiters, 1U);
        event.set();
        co_await late;
    });
}

TEST_P(EventTest, EVENT_6_cancel_while_waiting_and_after_being_chosen) {
    Event event;
    run([&]() -> Coro<> {
        auto a = waiter(event, "a");
        auto b = waiter(event, "b");
        auto c = waiter(event, "c");
        co_await turns();
        a.cancel();
        EXPECT_EQ(event.statistics().waiters.waiters, 2U);
        co_await turns();
        event.set();
        b.cancel();
        co_await turns();
        EXPECT_EQ(trace.str(), "ca cb c+");
        EXPECT_TRUE(event.is_set());
        EXPECT_EQ(event.statistics().waiters.waiters, 0U);
    });
}

TEST_P(EventTest, EVENT_7_can_be_used_again_after_clear) {
    Event event;
    run([&]() -> Coro<> {
        for (int round = 0; round < 3; ++round) {
            auto task = waiter(event, std::to_string(round));
            co_await turns();
            event.set();
            co_await task;
            event.clear();
        }
    });
    EXPECT_EQ(trace.str(), "0+ 1+ 2+");
}

TEST_P(EventTest, SYNC_6_needs_no_loop) {
    Event event;
    auto wait = [&]() -> Coro<bool> { co_return co_await event.wait(); };
    EXPECT_THROW(wait().send(), asyncio::RuntimeError);
    EXPECT_EQ(event.statistics().waiters.waiters, 0U);
    event.set();
    EXPECT_TRUE(wait().send());
}

TEST_P(EventTest, SYNC_7_belongs_to_one_loop) {
    Event event;
    run([&]() -> Coro<> {
        auto task = waiter(event, "w");
        co_await turns();
        event.set();
        co_await task;
        event.clear();
    });
    auto second = support::make_loop(GetParam());
    EXPECT_THROW(second->run_until_complete([&]() -> Coro<> { co_await event.wait(); }), asyncio::RuntimeError);
    event.set();
    second->run_until_complete([&]() -> Coro<> { co_await event.wait(); });
    second->close();
}

TEST_P(EventTest, SYNC_10_repr) {
    Event event;
    EXPECT_NE(event.repr().find(" [unset]>"), std::string::npos);
    run([&]() -> Coro<> {
        auto task = waiter(event, "w");
        co_await turns();
        EXPECT_NE(event.repr().find(" [unset, waiters:1]>"), std::string::npos);
        event.set();
        co_await task;
    });
    EXPECT_NE(event.repr().find(" [set]>"), std::string::npos);
}

TEST_P(EventTest, SYNC_11_destroying_the_event_fails_those_who_wait_but_not_those_who_were_woken) {
    auto event = std::make_unique<Event>();
    const auto wait = [&]() -> Coro<std::string> {
        try {
            co_await event->wait();
        } catch (const asyncio::RuntimeError& error) {
            co_return error.what();
        }
        co_return "returned";
    };
    run([&]() -> Coro<> {
        auto woken = asyncio::create_task(wait());
        co_await turns();
        event->set();
        event->clear();
        auto waiting = asyncio::create_task(wait());
        auto cancelled = asyncio::create_task(wait());
        EXPECT_EQ(co_await woken, "returned");
        woken = asyncio::create_task(wait());
        co_await turns();
        cancelled.cancel();
        event.reset();
        EXPECT_EQ(co_await waiting, "Event destroyed while being awaited");
        EXPECT_EQ(co_await woken, "Event destroyed while being awaited");
        EXPECT_TRUE(cancelled.cancelled());

        event = std::make_unique<Event>();
        woken = asyncio::create_task(wait());
        co_await turns();
        event->set();
        event.reset();
        EXPECT_EQ(co_await woken, "returned");
    });
}

TEST_P(EventTest, SYNC_11_closing_the_loop_unlinks_its_waiters) {
    Event event;
    const asyncio::testing::CapturedLog log;
    run([&]() -> Coro<> {
        waiter(event, "w");
        waiter(event, "chosen");
        co_await turns();
        event.set();
        event.clear();
        waiter(event, "late");
    });
    loop.close();
    EXPECT_EQ(event.statistics().waiters.waiters, 0U);
}

}  // namespace
