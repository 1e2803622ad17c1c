// PriorityQueue: PQ-1 to PQ-3. What holds for every queue is in any_queue_test.cpp.

#include "support/loops.hpp"
#include "support/turns.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/testing/testing.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <queue>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using asyncio::Coro;
using asyncio::PriorityQueue;
using asyncio::Ties;
using support::turns;

TEST(PriorityQueueTest, PQ_1_the_smallest_comes_first) {
    PriorityQueue<std::pair<int, std::string>> queue;
    for (const auto& item : std::vector<std::pair<int, std::string>>{{3, "c"}, {1, "z"}, {2, "b"}, {1, "a"}})
        queue.put_nowait(item);
    std::string order;
    while (auto item = queue.try_get()) order += std::to_string(item->first) + item->second + " ";
    EXPECT_EQ(order, "1a 1z 2b 3c ");
}

TEST(PriorityQueueTest, PQ_1_as_a_sorted_sequence_at_any_time) {
    std::mt19937 random(7);
    PriorityQueue<int> queue;
    std::vector<int> model;
    for (int step = 0; step < 4'000; ++step) {
        if (model.empty() || random() % 5 < 3) {
            const int item = static_cast<int>(random() % 100);
            queue.put_nowait(item);
            model.push_back(item);
        } else {
            const auto smallest = std::ranges::min_element(model);
            ASSERT_EQ(queue.get_nowait(), *smallest);
            model.erase(smallest);
        }
    }
    std::ranges::sort(model);
    for (const int item : model) ASSERT_EQ(queue.get_nowait(), item);
}

TEST(PriorityQueueTest, PQ_1_waiting_getters_get_what_is_smallest_then) {
    PriorityQueue<int> queue(2);
    asyncio::run([&]() -> Coro<> {
        std::vector<int> got;
        auto getter = asyncio::create_task([&]() -> Coro<> {
            for (int i = 0; i < 3; ++i) got.push_back(co_await queue.get());
        });
        co_await turns();
        queue.put_nowait(3);
        queue.put_nowait(2);
        co_await queue.put(1);
        co_await getter;
        EXPECT_EQ(got, (std::vector{2, 3, 1}));
    });
}

struct Job {
    int priority;
    int number;
    friend bool operator<(const Job& a, const Job& b) { return a.priority < b.priority; }
};

TEST(PriorityQueueTest, PQ_2_equal_priorities_in_the_order_of_put_when_asked_for) {
    std::mt19937 random(3);
    PriorityQueue<Job, std::less<>, Ties::fifo> queue;
    std::vector<Job> model;
    int number = 0;
    for (int step = 0; step < 2'000; ++step) {
        if (model.empty() || random() % 5 < 3) {
            const Job job{static_cast<int>(random() % 4), ++number};
            queue.put_nowait(job);
            model.push_back(job);
        } else {
            const auto first =
                std::ranges::min_element(model, {}, [](const Job& job) { return std::pair(job.priority, job.number); });
            ASSERT_EQ(queue.get_nowait().number, first->number);
            model.erase(first);
        }
    }
}

TEST(PriorityQueueTest, PQ_2_without_it_nothing_is_lost_among_equals) {
    PriorityQueue<Job> queue;
    for (int i = 0; i < 50; ++i) queue.put_nowait({1, i});
    std::vector<int> numbers;
    while (auto job = queue.try_get()) numbers.push_back(job->number);
    std::ranges::sort(numbers);
    for (int i = 0; i < 50; ++i) EXPECT_EQ(numbers[static_cast<std::size_t>(i)], i);
}

TEST(PriorityQueueTest, PQ_1_a_comparison_of_ones_own_and_move_only_items) {
    PriorityQueue<int, std::greater<>> greatest;
    for (const int item : {2, 9, 4}) greatest.put_nowait(item);
    EXPECT_EQ(greatest.get_nowait(), 9);

    const auto by_size = [](const auto& a, const auto& b) { return a->size() < b->size(); };
    PriorityQueue<std::unique_ptr<std::string>, decltype(by_size)> shortest(0, by_size);
    shortest.put_nowait(std::make_unique<std::string>("long"));
    shortest.put_nowait(std::make_unique<std::string>("s"));
    EXPECT_EQ(*shortest.get_nowait(), "s");

    const std::vector<int> rank{3, 1, 2};
    std::function<bool(int, int)> by_rank = [&](int a, int b) {
        return rank[static_cast<std::size_t>(a)] < rank[static_cast<std::size_t>(b)];
    };
    PriorityQueue<int, std::function<bool(int, int)>> ranked(0, by_rank);
    for (const int item : {0, 1, 2}) ranked.put_nowait(item);
    EXPECT_EQ(ranked.get_nowait(), 1);
}

/// Refuses to be compared when its turn has come.
struct Moody {
    int value;
    int* patience;
    friend bool operator<(const Moody& a, const Moody& b) {
        if ((*a.patience)-- == 0) throw std::domain_error("not now");
        return a.value < b.value;
    }
};

TEST(PriorityQueueTest, PQ_3_a_comparison_that_throws_changes_nothing) {
    for (const int count : {1, 2, 5, 20, 100}) {
        for (int fails_after = 0; fails_after < 12; ++fails_after) {
            int patience = 1'000'000;
            PriorityQueue<Moody, std::less<>, Ties::fifo> queue;
            std::vector<int> model;
            for (int i = 0; i < count; ++i) {
                model.push_back((i * 7) % 31);
                queue.put_nowait({model.back(), &patience});
            }
            patience = fails_after;
            bool put_failed = false;
            try {
                queue.put_nowait({-1, &patience});
                model.push_back(-1);
            } catch (const std::domain_error&) {
                put_failed = true;
            }
            EXPECT_EQ(queue.qsize(), model.size());
            EXPECT_EQ(queue.statistics().unfinished_tasks, model.size());
            patience = fails_after;
            bool get_failed = false;
            try {
                EXPECT_EQ(queue.get_nowait().value, *std::ranges::min_element(model));
                model.erase(std::ranges::min_element(model));
            } catch (const std::domain_error&) {
                get_failed = true;
            }
            if (fails_after == 0 && count > 2) {
                EXPECT_TRUE(put_failed);
                EXPECT_TRUE(get_failed);
            }
            patience = 1'000'000;
            std::ranges::sort(model);
            for (const int value : model) EXPECT_EQ(queue.get_nowait().value, value);
            EXPECT_TRUE(queue.empty());
        }
    }
}

TEST(PriorityQueueTest, PQ_3_a_comparison_that_throws_leaves_a_waiting_put) {
    int patience = 1'000;
    PriorityQueue<Moody> queue(1);
    asyncio::run([&]() -> Coro<> {
        queue.put_nowait({1, &patience});
        auto put = asyncio::create_task([&]() -> Coro<> {
            co_await queue.put({0, &patience});
            co_await queue.put({5, &patience});
        });
        co_await turns();
        queue.get_nowait();
        co_await turns(2);
        EXPECT_EQ(queue.get_nowait().value, 0);
        queue.put_nowait({2, &patience});
        co_await turns(2);
        EXPECT_EQ(queue.qsize(), 1U);
        EXPECT_EQ(queue.get_nowait().value, 2);
        co_await put;
    });
}

template <class T>
concept Queueable = requires { typename PriorityQueue<T>; };
struct Incomparable {};
static_assert(Queueable<int> && !Queueable<Incomparable>, "PQ-3: uncomparable types do not compile");

/// Refuses the comparisons that are asked for.
struct Refusing {
    bool operator()(int a, int b) const {
        if (std::exchange(*refuse, false)) throw std::domain_error("incomparable");
        return a < b;
    }
    bool* refuse;
};

TEST(PriorityQueueTest, PQ_3_a_put_that_fails_at_its_turn_leaves_the_room_to_the_next) {
    asyncio::testing::run_virtual([]() -> Coro<> {
        bool refuse = false;
        PriorityQueue<int, Refusing> queue(2, Refusing{&refuse});
        queue.put_nowait(1);
        queue.put_nowait(2);
        auto put = [&](int item) -> Coro<> { co_await queue.put(item); };
        auto failing = asyncio::create_task(put(4));
        auto next = asyncio::create_task(put(3));
        co_await turns();
        EXPECT_EQ(queue.get_nowait(), 1);
        refuse = true;
        co_await turns(2);
        EXPECT_TRUE(next.done());
        EXPECT_EQ(queue.qsize(), 2U);
        EXPECT_THROW(failing.result(), std::domain_error);
    });
}

TEST(PriorityQueueTest, PQ_3_a_get_that_fails_at_its_turn_leaves_the_item_to_the_next) {
    asyncio::testing::run_virtual([]() -> Coro<> {
        for (const bool throwing : {true, false}) {
            bool refuse = false;
            PriorityQueue<int, Refusing> queue(0, Refusing{&refuse});
            auto get = [&]() -> Coro<int> {
                if (throwing) co_return co_await queue.get();
                const auto item = co_await queue.next();
                co_return *item;
            };
            std::vector<asyncio::Task<int>> tasks;
            for (int i = 0; i < 4; ++i) tasks.push_back(asyncio::create_task(get()));
            co_await turns();
            for (int i = 0; i < 3; ++i) queue.put_nowait(i);
            refuse = true;
            co_await turns(2);
            EXPECT_THROW(tasks[0].result(), std::domain_error);
            for (int i = 1; i < 4; ++i) EXPECT_EQ(tasks[static_cast<std::size_t>(i)].result(), i - 1);
        }
    });
}

}  // namespace
