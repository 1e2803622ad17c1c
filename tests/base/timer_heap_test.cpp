#include <asyncio/base/timer_heap.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <random>
#include <utility>
#include <vector>

namespace {

using asyncio::Clock;
using asyncio::detail::ReadyNode;
using asyncio::detail::TimerHeap;
using asyncio::detail::TimerNode;
using asyncio::detail::Turn;
using namespace std::chrono_literals;

constexpr Clock::time_point origin{};

struct Timer : TimerNode {
    Timer() : TimerNode([](ReadyNode&, Turn) {}) {}
    int number = 0;
};

TEST(TimerHeap, gives_the_earliest_first) {
    TimerHeap heap;
    Timer a;
    Timer b;
    Timer c;
    EXPECT_TRUE(heap.empty());
    heap.schedule(b, origin + 2s);
    heap.schedule(c, origin + 3s);
    heap.schedule(a, origin + 1s);
    EXPECT_EQ(heap.next_deadline(), origin + 1s);
    EXPECT_EQ(&heap.pop(), &a);
    EXPECT_FALSE(a.scheduled());
    EXPECT_EQ(&heap.pop(), &b);
    EXPECT_EQ(&heap.pop(), &c);
    EXPECT_TRUE(heap.empty());
}

TEST(TimerHeap, ORD_4_equal_deadlines_are_fifo) {
    TimerHeap heap;
    std::vector<Timer> timers(100);
    for (auto& timer : timers) heap.schedule(timer, origin + 1s);
    for (auto& timer : timers) EXPECT_EQ(&heap.pop(), &timer);
}

TEST(TimerHeap, cancel_removes_at_once) {
    TimerHeap heap;
    Timer a;
    Timer b;
    heap.schedule(a, origin + 1s);
    heap.schedule(b, origin + 2s);
    heap.cancel(a);
    EXPECT_FALSE(a.scheduled());
    EXPECT_EQ(heap.size(), 1U);
    heap.cancel(a);
    EXPECT_EQ(heap.size(), 1U);
    EXPECT_EQ(&heap.pop(), &b);
    heap.cancel(b);
    heap.schedule(a, origin);
    EXPECT_EQ(&heap.pop(), &a) << "may be scheduled again";
}

TEST(TimerHeap, agrees_with_a_sorted_list_under_random_use) {
    std::mt19937 random(1);
    TimerHeap heap;
    std::vector<std::unique_ptr<Timer>> timers;
    std::vector<Timer*> expected;  // by deadline, then by order of scheduling
    for (int i = 0; i < 500; ++i) timers.push_back(std::make_unique<Timer>());
    for (int step = 0; step < 20'000; ++step) {
        Timer& timer = *timers[random() % timers.size()];
        if (timer.scheduled()) {
            heap.cancel(timer);
            std::erase(expected, &timer);
        } else {
            const auto when = origin + std::chrono::milliseconds(random() % 50);
            heap.schedule(timer, when);
            const auto place =
                std::upper_bound(expected.begin(), expected.end(), when,
                                 [](Clock::time_point at, const Timer* other) { return at < other->when; });
            expected.insert(place, &timer);
        }
        if (random() % 8 == 0 && !heap.empty()) {
            ASSERT_EQ(&heap.pop(), expected.front());
            expected.erase(expected.begin());
        }
        ASSERT_EQ(heap.size(), expected.size());
        if (!heap.empty()) {
            ASSERT_EQ(heap.next_deadline(), expected.front()->when);
        }
    }
}

TEST(TimerHeap, extreme_deadlines) {
    TimerHeap heap;
    Timer never;
    Timer always;
    heap.schedule(never, Clock::time_point::max());
    heap.schedule(always, Clock::time_point::min());
    EXPECT_EQ(&heap.pop(), &always);
    EXPECT_EQ(&heap.pop(), &never);
}

}  // namespace
