// Broadcast: PAT-2.

#include "support/loops.hpp"
#include "support/schedules.hpp"
#include "support/trace.hpp"
#include "support/turns.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/testing/testing.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

using asyncio::Broadcast;
using asyncio::Coro;
using asyncio::SlowSubscriber;
using asyncio::Subscription;
using asyncio::Task;
using support::Chance;
using support::Trace;
using support::turns;
using namespace std::chrono_literals;

class BroadcastTest : public support::OnEachDriver {
protected:
    /// All that is there, as "topic=item".
    static std::string rest(Subscription<int>& subscription) {
        Trace taken;
        while (auto message = subscription.try_next()) taken(message->topic, "=", message->item);
        return taken.str();
    }
    Task<void> listener(Subscription<int>& subscription, std::string name) {
        return loop.create_task([this, &subscription, name = std::move(name)]() -> Coro<> {
            try {
                while (auto message = co_await subscription.next()) trace(name, message->item);
                trace(name, "end");
            } catch (const asyncio::CancelledError&) {
                trace("c", name);
                throw;
            }
        });
    }
    Trace trace;
};
ASYNCIO_ON_EACH_DRIVER(BroadcastTest);

static_assert(!std::is_copy_constructible_v<Subscription<int>> && std::is_move_constructible_v<Subscription<int>>);

TEST_P(BroadcastTest, refuses_patterns_and_topics_with_stray_stars) {
    Broadcast<int> broadcast;
    for (const char* pattern : {"a*", "*.a", "a.*.b", "**", "a.**"})
        EXPECT_THROW(static_cast<void>(broadcast.subscribe(pattern)), std::invalid_argument) << pattern;
    EXPECT_THROW(broadcast.publish_nowait("a.*", 1), std::invalid_argument);
    run([&]() -> Coro<> { EXPECT_THROW(co_await broadcast.publish("*", 1), std::invalid_argument); });
}

TEST_P(BroadcastTest, PAT_2_each_subscriber_of_the_topic_gets_each_message_once_and_in_order) {
    Broadcast<int> broadcast;
    EXPECT_EQ(broadcast.publish_nowait("a", 0), 0U) << "before anybody has subscribed";
    auto first = broadcast.subscribe("a");
    auto second = broadcast.subscribe("a");
    auto other = broadcast.subscribe("b");
    run([&]() -> Coro<> {
        EXPECT_EQ(co_await broadcast.publish("a", 1), 2U);
        auto late = broadcast.subscribe("a");
        EXPECT_EQ(co_await broadcast.publish("a", 2), 3U);
        EXPECT_EQ(co_await broadcast.publish("b", 3), 1U);
        EXPECT_EQ(rest(late), "a=2");
    });
    EXPECT_EQ(broadcast.subscribers("a"), 2U) << "one has left";
    EXPECT_EQ(rest(first), "a=1 a=2");
    EXPECT_EQ(rest(second), "a=1 a=2");
    EXPECT_EQ(rest(other), "b=3");
}

TEST_P(BroadcastTest, PAT_2_patterns) {
    Broadcast<int> broadcast;
    auto all = broadcast.subscribe("*");
    auto below = broadcast.subscribe("a.*");
    auto deeper = broadcast.subscribe("a.b.*");
    auto exact = broadcast.subscribe("a.b");
    auto odd = broadcast.subscribe(".*");
    int number = 0;
    for (const char* topic : {"a", "a.b", "a.b.c", "ab.c", ".x", ""}) broadcast.publish_nowait(topic, ++number);
    EXPECT_EQ(rest(all), "a=1 a.b=2 a.b.c=3 ab.c=4 .x=5 =6");
    EXPECT_EQ(rest(below), "a.b=2 a.b.c=3");
    EXPECT_EQ(rest(deeper), "a.b.c=3");
    EXPECT_EQ(rest(exact), "a.b=2");
    EXPECT_EQ(rest(odd), ".x=5");
}

TEST_P(BroadcastTest, PAT_2_a_slow_subscriber_holds_up_the_publisher_and_no_other_subscriber) {
    Broadcast<int> broadcast;
    auto slow = broadcast.subscribe("a", {.maxsize = 2});
    auto fast = broadcast.subscribe("a", {.maxsize = 2});
    run([&]() -> Coro<> {
        auto listening = listener(fast, "f");
        auto publishing = asyncio::create_task([&]() -> Coro<> {
            for (int i = 1; i <= 4; ++i) {
                co_await broadcast.publish("a", i);
                trace("p", i);
            }
        });
        co_await turns(6);
        EXPECT_EQ(trace.str(), "p1 p2 f1 f2 f3") << "the third has reached everybody";
        EXPECT_EQ(slow.size(), 3U);
        EXPECT_THROW(broadcast.publish_nowait("a", 9), asyncio::QueueFull);
        EXPECT_EQ(slow.try_next()->item, 1);
        co_await turns(3);
        EXPECT_EQ(trace.str(), "p1 p2 f1 f2 f3 p3 f4");
        EXPECT_FALSE(publishing.done());
        slow.unsubscribe();
        co_await publishing;
        broadcast.shutdown();
        co_await listening;
        EXPECT_EQ(trace.str(), "p1 p2 f1 f2 f3 p3 f4 p4 fend");
    });
}

TEST_P(BroadcastTest, PAT_2_a_slow_subscriber_may_drop) {
    Broadcast<int> broadcast;
    auto oldest = broadcast.subscribe("a", {.maxsize = 2, .when_full = SlowSubscriber::drop_oldest});
    auto newest = broadcast.subscribe("a", {.maxsize = 2, .when_full = SlowSubscriber::drop_newest});
    auto unlimited = broadcast.subscribe("a", {.maxsize = 0});
    run([&]() -> Coro<> {
        for (int i = 1; i <= 4; ++i) EXPECT_EQ(co_await broadcast.publish("a", i), i <= 2 ? 3U : 2U);
    });
    EXPECT_EQ(rest(oldest), "a=3 a=4");
    EXPECT_EQ(oldest.dropped(), 2U);
    EXPECT_EQ(rest(newest), "a=1 a=2");
    EXPECT_EQ(newest.dropped(), 2U);
    EXPECT_EQ(rest(unlimited), "a=1 a=2 a=3 a=4");
    EXPECT_EQ(unlimited.dropped(), 0U);
    EXPECT_EQ(broadcast.publish_nowait("a", 5), 3U);
}

TEST_P(BroadcastTest, PAT_2_a_slow_subscriber_may_be_disconnected) {
    Broadcast<int> broadcast;
    auto slow = broadcast.subscribe("a.*", {.maxsize = 1, .when_full = SlowSubscriber::disconnect});
    auto other = broadcast.subscribe("a.*");
    EXPECT_EQ(broadcast.publish_nowait("a.b", 1), 2U);
    EXPECT_FALSE(slow.disconnected());
    EXPECT_EQ(broadcast.publish_nowait("a.b", 2), 1U);
    EXPECT_TRUE(slow.disconnected());
    EXPECT_EQ(broadcast.subscribers("a.b"), 1U);
    run([&]() -> Coro<> {
        EXPECT_EQ((co_await slow.next())->item, 1);
        EXPECT_FALSE((co_await slow.next()).has_value());
    });
    EXPECT_EQ(rest(other), "a.b=1 a.b=2");
}

TEST_P(BroadcastTest, cancelling_a_publisher_ends_its_wait_only) {
    Broadcast<int> broadcast;
    auto slow = broadcast.subscribe("a", {.maxsize = 1});
    run([&]() -> Coro<> {
        co_await broadcast.publish("a", 1);
        EXPECT_THROW(co_await asyncio::wait_for(broadcast.publish("a", 2), 1ms), asyncio::TimeoutError);
        auto chosen = asyncio::create_task([&]() -> Coro<> { co_await broadcast.publish("a", 3); });
        auto next = asyncio::create_task([&]() -> Coro<> { co_await broadcast.publish("a", 4); });
        co_await turns();
        static_cast<void>(slow.try_next());
        static_cast<void>(slow.try_next());
        chosen.cancel();
        co_await turns(2);
        EXPECT_TRUE(chosen.cancelled());
        EXPECT_FALSE(next.done()) << "3 is before it";
        EXPECT_EQ(slow.try_next()->item, 3);
        co_await next;
        EXPECT_EQ(rest(slow), "a=4");
    });
}

TEST_P(BroadcastTest, cancelling_a_subscriber_loses_no_message) {
    Broadcast<int> broadcast;
    auto subscription = broadcast.subscribe("a");
    run([&]() -> Coro<> {
        auto a = listener(subscription, "a");
        auto b = listener(subscription, "b");
        auto c = listener(subscription, "c");
        co_await turns();
        a.cancel();  // waits
        broadcast.publish_nowait("a", 1);
        b.cancel();  // chosen
        co_await turns(2);
        EXPECT_EQ(trace.str(), "ca cb c1");
        broadcast.shutdown();
        co_await c;
    });
}

TEST_P(BroadcastTest, shutdown_ends_everything) {
    Broadcast<int> broadcast;
    auto subscription = broadcast.subscribe("a", {.maxsize = 1});
    auto idle = broadcast.subscribe("b");
    run([&]() -> Coro<> {
        auto waiting = listener(idle, "idle");
        broadcast.publish_nowait("a", 1);
        auto publishing = asyncio::create_task([&]() -> Coro<> { co_await broadcast.publish("a", 2); });
        co_await turns();
        EXPECT_FALSE(publishing.done());
        broadcast.shutdown();
        broadcast.shutdown();
        co_await publishing;
        co_await waiting;
        EXPECT_THROW(co_await broadcast.publish("a", 3), asyncio::QueueShutDown);
        EXPECT_THROW(broadcast.publish_nowait("a", 3), asyncio::QueueShutDown);
        EXPECT_THROW(static_cast<void>(broadcast.subscribe("a")), asyncio::QueueShutDown);
        EXPECT_EQ((co_await subscription.next())->item, 1);
        EXPECT_EQ((co_await subscription.next())->item, 2);
        EXPECT_FALSE((co_await subscription.next()).has_value());
        EXPECT_EQ(trace.str(), "idleend");
    });
}

TEST_P(BroadcastTest, SYNC_11_either_side_may_go_first) {
    run([&]() -> Coro<> {
        auto broadcast = std::make_unique<Broadcast<int>>();
        auto subscription = std::make_unique<Subscription<int>>(broadcast->subscribe("a", {.maxsize = 1}));
        auto waiting = listener(*subscription, "w");
        co_await turns();
        subscription.reset();  // one waits in it
        co_await waiting;
        EXPECT_EQ(broadcast->subscribers("a"), 0U);

        subscription = std::make_unique<Subscription<int>>(broadcast->subscribe("a", {.maxsize = 1}));
        broadcast->publish_nowait("a", 1);
        auto publishing = asyncio::create_task([&]() -> Coro<> { co_await broadcast->publish("a", 2); });
        co_await turns();
        broadcast.reset();  // one waits in it
        co_await publishing;
        EXPECT_EQ(rest(*subscription), "a=1 a=2");
        EXPECT_FALSE((co_await subscription->next()).has_value());
        auto moved = std::move(*subscription);
        EXPECT_EQ(moved.pattern(), "a");
        moved.unsubscribe();
        moved.unsubscribe();
    });
    EXPECT_EQ(trace.str(), "wend");
}

TEST_P(BroadcastTest, SYNC_11_closing_the_loop_while_both_sides_wait) {
    Broadcast<int> broadcast;
    auto idle = broadcast.subscribe("b");
    auto slow = broadcast.subscribe("a", {.maxsize = 1});
    const asyncio::testing::CapturedLog log;
    run([&]() -> Coro<> {
        listener(idle, "i");
        broadcast.publish_nowait("a", 1);
        asyncio::create_task([&]() -> Coro<> { co_await broadcast.publish("a", 2); });
        co_await turns(2);
    });
    loop.close();
    EXPECT_EQ(rest(slow), "a=1 a=2");
}

TEST(BroadcastSchedules, PAT_2_in_order_and_complete_whoever_is_slow_or_cancelled) {
    support::on_each_schedule([](Chance& chance) -> Coro<> {
        Broadcast<int> broadcast;
        int published = 0;
        std::vector<Task<void>> publishers;
        std::vector<Task<void>> listeners;
        const auto listen = [&](int maxsize) -> Coro<> {
            auto subscription = broadcast.subscribe("a", {.maxsize = maxsize});
            int last = published;
            while (auto message = co_await subscription.next()) {
                EXPECT_EQ(message->item, ++last);
                co_await chance.wait_below(3);
            }
            EXPECT_EQ(last, published);
        };
        const auto publish = [&]() -> Coro<> {
            for (int i = 0; i < 4; ++i) {
                try {
                    co_await chance.wait_below(3);
                    const int number = ++published;
                    co_await broadcast.publish("a", number);
                } catch (const asyncio::CancelledError&) {
                }
            }
        };
        for (int i = 0; i < 3; ++i) listeners.push_back(asyncio::create_task(listen(chance.below(3))));
        for (int i = 0; i < 3; ++i) publishers.push_back(asyncio::create_task(publish()));
        co_await turns();  // a task cancelled before its first step does nothing
        for (int i = 0; i < 6; ++i) {
            co_await chance.wait_below(3);
            chance.cancel_one_of(publishers);
        }
        co_await asyncio::wait(publishers);
        broadcast.shutdown();
        for (auto& task : listeners) co_await task;
        EXPECT_EQ(broadcast.subscribers("a"), 0U);
    });
}

/// Throws when it is copied, if it is the one that does.
struct Fragile {
    explicit Fragile(bool throws_) : throws(throws_) {}
    Fragile(const Fragile& other) : throws(other.throws) {
        if (throws) throw std::runtime_error("copy");
    }
    Fragile(Fragile&&) = default;
    bool throws;
};

TEST_P(BroadcastTest, PAT_2_a_copy_that_throws_leaves_no_disconnected_subscriber_behind) {
    run([&]() -> Coro<> {
        Broadcast<Fragile> broadcast;
        auto slow = broadcast.subscribe("a", {.maxsize = 1, .when_full = SlowSubscriber::disconnect});
        auto other = broadcast.subscribe("a");
        broadcast.publish_nowait("a", Fragile(false));
        EXPECT_THROW(broadcast.publish_nowait("a", Fragile(true)), std::runtime_error);
        EXPECT_TRUE(slow.disconnected());
        EXPECT_TRUE(slow.try_next());
        EXPECT_EQ(broadcast.publish_nowait("a", Fragile(false)), 1U);
        EXPECT_EQ(broadcast.subscribers("a"), 1U);
        co_return;
    });
}

struct Member {
    std::optional<Subscription<std::shared_ptr<Member>>> subscription;
};

TEST_P(BroadcastTest, PAT_2_the_message_that_falls_out_was_the_last_to_hold_a_subscriber) {
    run([&]() -> Coro<> {
        const asyncio::SubscribeOptions one{.maxsize = 1, .when_full = SlowSubscriber::drop_oldest};
        Broadcast<std::shared_ptr<Member>> broadcast;
        auto subscription = broadcast.subscribe("a", one);
        auto member = std::make_shared<Member>();
        broadcast.publish_nowait("a", member);
        member->subscription.emplace(broadcast.subscribe("a", one));
        member.reset();
        EXPECT_EQ(broadcast.publish_nowait("a", nullptr), 2U);
        EXPECT_EQ(broadcast.subscribers("a"), 1U);
        co_return;
    });
}

TEST_P(BroadcastTest, PAT_2_unsubscribing_destroys_the_owner_of_the_subscription) {
    run([&]() -> Coro<> {
        Broadcast<std::shared_ptr<Member>> broadcast;
        auto member = std::make_shared<Member>();
        member->subscription.emplace(broadcast.subscribe("a"));
        broadcast.publish_nowait("a", member);
        Member& last = *member;
        member.reset();
        last.subscription->unsubscribe();
        EXPECT_EQ(broadcast.subscribers("a"), 0U);
        co_return;
    });
}

TEST_P(BroadcastTest, a_subscription_that_was_moved_from_throws) {
    Broadcast<int> broadcast;
    auto first = broadcast.subscribe("a");
    const auto second = std::move(first);
    EXPECT_THROW(static_cast<void>(first.try_next()), asyncio::RuntimeError);  // NOLINT(bugprone-use-after-move)
    EXPECT_THROW(static_cast<void>(first.next()), asyncio::RuntimeError);
    EXPECT_THROW(static_cast<void>(first.size()), asyncio::RuntimeError);
    first.unsubscribe();
    EXPECT_EQ(second.pattern(), "a");
}

TEST_P(BroadcastTest, PAT_2_a_message_that_is_taken_wakes_one_of_many_publishers) {
    run([&]() -> Coro<> {
        constexpr int count = 100;
        Broadcast<int> broadcast;
        auto subscription = broadcast.subscribe("a", {.maxsize = 1});
        auto publish = [&](int item) -> Coro<> { co_await broadcast.publish("a", item); };
        std::vector<Task<void>> publishers;
        for (int i = 0; i < count; ++i) publishers.push_back(asyncio::create_task(publish(i)));
        co_await turns();
        publishers[50].cancel();  // the message stays
        co_await turns();
        const auto before = asyncio::testing::Counters::now();
        for (int i = 0; i < count; ++i) {
            EXPECT_EQ(subscription.try_next()->item, i);
            co_await turns();
            EXPECT_TRUE(publishers[static_cast<std::size_t>(i)].done());
            EXPECT_TRUE(i + 2 >= count || !publishers[static_cast<std::size_t>(i + 2)].done() || i == 48);
        }
        const auto cost = asyncio::testing::Counters::now() - before;
        EXPECT_LE(cost.wakeups, 3U * count);
    });
}

}  // namespace
