// Queue: the order of its items, what items may be, and LIFO-2's own orders. What holds for every queue is in
// any_queue_test.cpp.

#include "support/lives.hpp"
#include "support/loops.hpp"
#include "support/trace.hpp"
#include "support/turns.hpp"

#include <asyncio/asyncio.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

using asyncio::Coro;
using asyncio::Queue;
using asyncio::Task;
using support::Lives;
using support::Trace;
using support::turns;
using namespace std::chrono_literals;

class QueueTest : public support::OnEachDriver {
protected:
    Trace trace;
};
ASYNCIO_ON_EACH_DRIVER(QueueTest);

TEST_P(QueueTest, QUEUE_7_first_in_first_out) {
    Queue<int> queue(3);
    run([&]() -> Coro<> {
        auto producer = asyncio::create_task([&]() -> Coro<> {
            for (int i = 0; i < 100; ++i) co_await queue.put(i);
            queue.shutdown();
        });
        int expected = 0;
        while (auto item = co_await queue.next()) EXPECT_EQ(*item, expected++);
        EXPECT_EQ(expected, 100);
        co_await producer;
    });
}

TEST_P(QueueTest, QUEUE_7_many_items_while_the_ring_grows_and_wraps) {
    Queue<std::string> queue;
    int put = 0;
    int got = 0;
    for (int round = 1; round < 60; ++round) {
        for (int i = 0; i < round; ++i) queue.put_nowait(std::to_string(put++));
        for (int i = 0; i < round / 2; ++i) EXPECT_EQ(queue.get_nowait(), std::to_string(got++));
    }
    while (auto item = queue.try_get()) EXPECT_EQ(*item, std::to_string(got++));
    EXPECT_EQ(got, put);
}

TEST_P(QueueTest, QUEUE_8_first_gets_first) {
    Queue<char> queue;
    run([&]() -> Coro<> {
        const auto get = [&](std::string name) -> Coro<> {
            const char item = co_await queue.get();
            trace(name, item);
        };
        auto a = asyncio::create_task(get("a"));
        auto b = asyncio::create_task(get("b"));
        auto c = asyncio::create_task(get("c"));
        co_await turns();
        for (const char item : {'x', 'y', 'z'}) queue.put_nowait(item);
        co_await turns();
        EXPECT_EQ(trace.str(), "ax by cz");
    });
}

TEST_P(QueueTest, QUEUE_1_items_may_be_move_only) {
    Queue<std::unique_ptr<std::string>> queue(1);
    run([&]() -> Coro<> {
        co_await queue.put(std::make_unique<std::string>("one"));
        auto two = std::make_unique<std::string>("two");
        auto blocked = asyncio::create_task([&]() -> Coro<> { co_await queue.put(std::move(two)); });
        co_await turns();
        EXPECT_EQ(*co_await queue.get(), "one");
        const auto second = co_await queue.get();
        EXPECT_EQ(*second, "two");
        co_await queue.emplace(new std::string("three"));
        const auto third = co_await queue.next();
        EXPECT_EQ(**third, "three");
        co_await asyncio::wait_for(queue.put(nullptr), 1s);
        EXPECT_EQ(queue.get_nowait(), nullptr);
    });
}

TEST_P(QueueTest, QUEUE_4_a_refused_argument_is_left_as_it_is) {
    Queue<std::string> queue(1);
    queue.put_nowait("first");
    std::string item(100, 'x');
    EXPECT_THROW(queue.put_nowait(std::move(item)), asyncio::QueueFull);
    EXPECT_EQ(item, std::string(100, 'x'));  // NOLINT(bugprone-use-after-move)
    queue.shutdown();
    EXPECT_THROW(queue.put_nowait(std::move(item)), asyncio::QueueShutDown);
    EXPECT_EQ(item, std::string(100, 'x'));  // NOLINT(bugprone-use-after-move)
}

TEST_P(QueueTest, QUEUE_10_QUEUE_12_items_are_destroyed_once_whatever_happens) {
    Lives lives;
    const auto item = [&] { return std::make_unique<Lives::One>(lives.one()); };
    {
        Queue<std::unique_ptr<Lives::One>> queue(1);
        run([&]() -> Coro<> {
            co_await queue.put(item());
            auto blocked = asyncio::create_task([&]() -> Coro<> { co_await queue.put(item()); });
            auto cancelled = asyncio::create_task([&]() -> Coro<> { co_await queue.put(item()); });
            co_await turns();
            EXPECT_EQ(lives.now(), 3);
            cancelled.cancel();
            co_await turns();
            EXPECT_EQ(lives.now(), 2);
            {
                const auto taken = co_await queue.get();
                EXPECT_EQ(lives.now(), 2);
            }
            EXPECT_EQ(lives.now(), 1);
            co_await blocked;
            EXPECT_EQ(lives.now(), 1);
            co_await queue.get();
            EXPECT_EQ(lives.now(), 0);
            queue.put_nowait(item());
            auto wait = queue.put(item());
            EXPECT_EQ(lives.now(), 2);
        });
        EXPECT_EQ(lives.now(), 1);
        queue.shutdown({.immediate = true});
        EXPECT_EQ(lives.now(), 0);
        Queue<std::unique_ptr<Lives::One>> filled;
        for (int i = 0; i < 20; ++i) filled.put_nowait(item());
        filled.get_nowait();
        EXPECT_EQ(lives.now(), 19);
    }
    EXPECT_EQ(lives.now(), 0);
}

/// What GCC 12 would destroy twice: an aggregate with a destructor that does something.
struct Job {
    std::string name;
    Lives::One life;
};

TEST_P(QueueTest, aggregates_as_items) {
    Lives lives;
    {
        Queue<Job> queue(1);
        const std::string name(100, 'j');
        run([&]() -> Coro<> {
            co_await queue.emplace(name, lives.one());
            EXPECT_EQ(lives.now(), 1);
            Job named{name, lives.one()};
            auto blocked = asyncio::create_task([&]() -> Coro<> { co_await queue.put(named); });
            co_await turns();
            EXPECT_EQ((co_await queue.get()).name, name);
            EXPECT_EQ(lives.now(), 2);
            const Job second = co_await queue.get();
            EXPECT_EQ(second.name, name);
            co_await queue.emplace(std::move(named));
            while (auto job = queue.try_get()) EXPECT_EQ(job->name, name);
            queue.put_nowait({name, lives.one()});
            queue.get_nowait();
            queue.put_nowait(Job{name, lives.one()});
        });
    }
    EXPECT_EQ(lives.now(), 0);
}

TEST_P(QueueTest, QUEUE_23_three_exceptions_of_their_own) {
    const auto unrelated = []<class A, class B>(std::type_identity<A>, std::type_identity<B>) {
        return !std::is_base_of_v<A, B> && !std::is_base_of_v<B, A>;
    };
    constexpr std::type_identity<asyncio::QueueEmpty> empty;
    constexpr std::type_identity<asyncio::QueueFull> full;
    constexpr std::type_identity<asyncio::QueueShutDown> down;
    EXPECT_TRUE(unrelated(empty, full));
    EXPECT_TRUE(unrelated(full, down));
    EXPECT_TRUE(unrelated(down, empty));
    EXPECT_TRUE((std::is_base_of_v<std::exception, asyncio::QueueEmpty> &&
                 std::is_base_of_v<std::exception, asyncio::QueueFull> &&
                 std::is_base_of_v<std::exception, asyncio::QueueShutDown>));
}

TEST_P(QueueTest, SYNC_10_repr) {
    Queue<int> queue(1);
    EXPECT_EQ(queue.repr(), "<Queue maxsize=1>");
    run([&]() -> Coro<> {
        auto getter = asyncio::create_task([&]() -> Coro<> { co_await queue.get(); });
        co_await turns();
        EXPECT_EQ(queue.repr(), "<Queue maxsize=1 _getters[1]>");
        queue.put_nowait(1);
        EXPECT_EQ(queue.repr(), "<Queue maxsize=1 _queue=[1] tasks=1>");
        co_await getter;
        queue.put_nowait(2);
        auto putter = asyncio::create_task([&]() -> Coro<> { co_await queue.put(3); });
        co_await turns();
        EXPECT_EQ(queue.repr(), "<Queue maxsize=1 _queue=[2] _putters[1] tasks=2>");
        queue.shutdown();
        EXPECT_EQ(queue.repr(), "<Queue maxsize=1 _queue=[2] tasks=2 shutdown>");
        co_await turns(2);
        static_cast<void>(putter.exception());
    });
    Queue<std::string> text;
    text.put_nowait("a");
    text.put_nowait("b");
    EXPECT_EQ(text.repr(), "<Queue maxsize=0 _queue=['a', 'b'] tasks=2>");
    EXPECT_EQ(asyncio::LifoQueue<int>().repr(), "<LifoQueue maxsize=0>");
    EXPECT_EQ(asyncio::PriorityQueue<int>(4).repr(), "<PriorityQueue maxsize=4>");
}

/// Gives the shortest text first.
class Shortest {
public:
    using value_type = std::string;
    void push(std::string item) { items_.push_back(std::move(item)); }
    std::string take() {
        const auto shortest = std::ranges::min_element(items_, {}, &std::string::size);
        std::string item = std::move(*shortest);
        items_.erase(shortest);
        return item;
    }
    void clear() { items_.clear(); }
    [[nodiscard]] std::size_t size() const { return items_.size(); }
    [[nodiscard]] const std::string& at(std::size_t place) const { return items_[place]; }

private:
    std::vector<std::string> items_;
};

TEST_P(QueueTest, LIFO_2_an_order_of_ones_own) {
    Queue<std::string, Shortest> queue(2);
    run([&]() -> Coro<> {
        co_await queue.put("three");
        co_await queue.put("a");
        auto blocked = asyncio::create_task([&]() -> Coro<> { co_await queue.put("bb"); });
        co_await turns();
        EXPECT_EQ(co_await queue.get(), "a");
        co_await blocked;
        EXPECT_EQ(co_await queue.get(), "bb");
        EXPECT_EQ(co_await queue.get(), "three");
        for (int i = 0; i < 3; ++i) queue.task_done();
        co_await queue.join();
        queue.shutdown({.immediate = true});
    });
}

TEST(QueueThreads, SYNC_5_debug_mode_refuses_other_threads) {
    asyncio::run(
        []() -> Coro<> {
            Queue<int> queue;
            auto getter = asyncio::create_task([&]() -> Coro<int> { co_return co_await queue.get(); });
            co_await turns();
            bool refused = false;
            std::thread other([&] {
                try {
                    queue.put_nowait(1);
                } catch (const asyncio::RuntimeError&) {
                    refused = true;
                }
            });
            other.join();
            EXPECT_TRUE(refused);
            queue.put_nowait(2);
            EXPECT_EQ(co_await getter, 2);
        },
        {.debug = true});
}

}  // namespace
