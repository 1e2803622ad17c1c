// Random operations on each primitive, against a sequential model of a few lines: after each operation everything
// settles, and who is served, and how the primitive looks, must be what the model says. The finer comparison, within
// ticks, is with CPython: tests/sync_twin.

#include "support/schedules.hpp"

#include <asyncio/asyncio.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace {

using asyncio::Coro;
using asyncio::Task;
using support::Chance;
using support::on_each_schedule;
using support::turns;

/// Tasks that each wait once for something, and the order in which they were served.
class Waiters {
public:
    template <class Wait>
    int start(Wait wait) {
        const int number = next_++;
        tasks_.emplace(number, asyncio::create_task([this, number, wait]() -> Coro<> {
                           const int result = co_await wait();
                           served.push_back({number, result});
                       }));
        return number;
    }
    void cancel(int number) { tasks_.at(number).cancel(); }
    void cancel_all() {
        for (auto& [number, task] : tasks_) task.cancel();
    }

    using Served = std::vector<std::pair<int, int>>;
    Served served;

private:
    std::map<int, Task<void>> tasks_;
    int next_ = 0;
};

/// A line of those who wait, as every model has it.
struct Line {
    std::deque<int> waiting;

    void leave(Chance& chance, Waiters& waiters) {
        if (waiting.empty()) return;
        const auto place = waiting.begin() + chance.below(static_cast<int>(waiting.size()));
        waiters.cancel(*place);
        waiting.erase(place);
    }
    std::optional<int> pop() {
        if (waiting.empty()) return std::nullopt;
        const int first = waiting.front();
        waiting.pop_front();
        return first;
    }
};

template <class Operation, class Check>
Coro<> try_model(Waiters& waiters, Waiters::Served& model, Operation operation, Check check) {
    for (int i = 0; i < 25; ++i) {
        operation();
        co_await turns(6);
        EXPECT_EQ(waiters.served, model);
        check();
    }
    waiters.cancel_all();
    co_await turns(3);
}

TEST(Model, LOCK_3_lock) {
    on_each_schedule([](Chance& chance) -> Coro<> {
        asyncio::Lock lock;
        Waiters waiters;
        Waiters::Served model;
        Line line;
        bool locked = false;
        const auto operation = [&] {
            const int what = chance.below(6);
            if (what < 3) {
                const int number = waiters.start([&]() -> Coro<int> { co_return co_await lock.acquire(); });
                locked ? line.waiting.push_back(number) : model.push_back({number, 1});
                locked = true;
            } else if (what == 3) {
                line.leave(chance, waiters);
            } else if (locked) {
                lock.release();
                const auto first = line.pop();
                if (first) model.push_back({*first, 1});
                locked = first.has_value();
            }
        };
        co_await try_model(waiters, model, operation, [&] {
            EXPECT_EQ(lock.locked(), locked);
            EXPECT_EQ(lock.statistics().waiters.waiters, line.waiting.size());
        });
    });
}

TEST(Model, SEM_2_semaphore) {
    on_each_schedule([](Chance& chance) -> Coro<> {
        int value = chance.below(3);
        asyncio::Semaphore semaphore(value);
        Waiters waiters;
        Waiters::Served model;
        Line line;
        const auto operation = [&] {
            const int what = chance.below(6);
            if (what < 3) {
                const int number = waiters.start([&]() -> Coro<int> { co_return co_await semaphore.acquire(); });
                value > 0 ? model.push_back({number, 1}) : line.waiting.push_back(number);
                value = std::max(0, value - 1);
            } else if (what == 3) {
                line.leave(chance, waiters);
            } else {
                for (int units = 1 + chance.below(3); units > 0; --units) {
                    semaphore.release();
                    const auto first = line.pop();
                    first ? model.push_back({*first, 1}) : void(++value);
                }
            }
        };
        co_await try_model(waiters, model, operation, [&] {
            EXPECT_EQ(semaphore.statistics().value, value);
            EXPECT_EQ(semaphore.locked(), value == 0);
            EXPECT_EQ(semaphore.statistics().waiters.waiters, line.waiting.size());
        });
    });
}

TEST(Model, EVENT_2_event) {
    on_each_schedule([](Chance& chance) -> Coro<> {
        asyncio::Event event;
        Waiters waiters;
        Waiters::Served model;
        Line line;
        bool set = false;
        const auto operation = [&] {
            const int what = chance.below(6);
            if (what < 3) {
                const int number = waiters.start([&]() -> Coro<int> { co_return co_await event.wait(); });
                set ? model.push_back({number, 1}) : line.waiting.push_back(number);
            } else if (what == 3) {
                line.leave(chance, waiters);
            } else if (what == 4) {
                event.clear();
                set = false;
            } else {
                event.set();
                set = true;
                while (const auto first = line.pop()) model.push_back({*first, 1});
            }
        };
        co_await try_model(waiters, model, operation, [&] {
            EXPECT_EQ(event.is_set(), set);
            EXPECT_EQ(event.statistics().waiters.waiters, line.waiting.size());
        });
    });
}

TEST(Model, COND_5_condition) {
    on_each_schedule([](Chance& chance) -> Coro<> {
        asyncio::Condition condition;
        Waiters waiters;
        Waiters::Served model;
        Line line;
        const auto wait = [&]() -> Coro<int> {
            auto guard = co_await condition.guard();
            co_return co_await condition.wait();
        };
        const auto notify = [&](int n) -> Coro<> {
            auto guard = co_await condition.guard();
            condition.notify(n);
        };
        const auto operation = [&] {
            const int what = chance.below(6);
            if (what < 3) {
                line.waiting.push_back(waiters.start(wait));
            } else if (what == 3) {
                // A cancelled wait hands on what it might have been notified of: a spurious wake-up for the next.
                const std::size_t before = line.waiting.size();
                line.leave(chance, waiters);
                if (line.waiting.size() < before)
                    if (const auto next = line.pop()) model.push_back({*next, 1});
            } else {
                const int n = chance.below(3);
                notify(n).send();
                for (int i = 0; i < n; ++i)
                    if (const auto first = line.pop()) model.push_back({*first, 1});
            }
        };
        co_await try_model(waiters, model, operation, [&] {
            EXPECT_FALSE(condition.locked());
            EXPECT_EQ(condition.statistics().waiters.waiters, line.waiting.size());
        });
    });
}

TEST(Model, BAR_2_barrier) {
    on_each_schedule([](Chance& chance) -> Coro<> {
        const int parties = 1 + chance.below(4);
        asyncio::Barrier barrier(parties);
        Waiters waiters;
        Waiters::Served model;
        std::vector<std::pair<int, int>> inside;
        const auto operation = [&] {
            const int number = waiters.start([&]() -> Coro<int> {
                const auto index = co_await barrier.wait();
                co_return static_cast<int>(index);
            });
            const std::pair<int, int> arrival(number, static_cast<int>(inside.size()));
            if (arrival.second + 1 < parties) return inside.push_back(arrival);
            model.push_back(arrival);
            model.insert(model.end(), inside.begin(), inside.end());
            inside.clear();
        };
        co_await try_model(waiters, model, operation, [&] { EXPECT_EQ(barrier.n_waiting(), inside.size()); });
    });
}

/// `take` removes the next item of a model's store.
template <class Q, class Take>
void try_queue(Take take) {
    on_each_schedule([take](Chance& chance) -> Coro<> {
        const int maxsize = chance.below(4);
        Q queue(maxsize);
        Waiters waiters;
        Waiters::Served model;
        std::vector<int> store;
        Line getters;
        std::deque<std::pair<int, int>> putters;
        int next_item = 0;
        std::size_t unfinished = 0;
        const auto full = [&] { return maxsize > 0 && store.size() >= static_cast<std::size_t>(maxsize); };
        const auto got = [&](int number) {
            model.push_back({number, take(store)});
            if (putters.empty()) return;
            store.push_back(putters.front().second);
            ++unfinished;
            model.push_back({putters.front().first, -1});
            putters.pop_front();
        };
        const auto operation = [&] {
            const int what = chance.below(8);
            if (what < 3) {
                const int number = waiters.start([&]() -> Coro<int> { co_return co_await queue.get(); });
                store.empty() ? getters.waiting.push_back(number) : got(number);
            } else if (what < 6) {
                const int item = (next_item += 7) % 101;
                const int number = waiters.start([&, item]() -> Coro<int> {
                    co_await queue.put(item);
                    co_return -1;
                });
                if (full()) return putters.push_back({number, item});
                model.push_back({number, -1});
                store.push_back(item);
                ++unfinished;
                if (const auto getter = getters.pop()) got(*getter);
            } else if (what == 6) {
                getters.leave(chance, waiters);
            } else if (!putters.empty()) {
                waiters.cancel(putters.front().first);
                putters.pop_front();
            }
        };
        co_await try_model(waiters, model, operation, [&] {
            EXPECT_EQ(queue.qsize(), store.size());
            EXPECT_EQ(queue.full(), full());
            EXPECT_EQ(queue.statistics().unfinished_tasks, unfinished);
            EXPECT_EQ(queue.statistics().getters.waiters, getters.waiting.size());
            EXPECT_EQ(queue.statistics().putters.waiters, putters.size());
        });
    });
}

int take_at(std::vector<int>& store, std::vector<int>::iterator place) {
    const int item = *place;
    store.erase(place);
    return item;
}

TEST(Model, QUEUE_7_queue) {
    try_queue<asyncio::Queue<int>>([](std::vector<int>& store) { return take_at(store, store.begin()); });
}
TEST(Model, LIFO_1_lifo_queue) {
    try_queue<asyncio::LifoQueue<int>>([](std::vector<int>& store) { return take_at(store, store.end() - 1); });
}
TEST(Model, PQ_1_priority_queue) {
    try_queue<asyncio::PriorityQueue<int>>(
        [](std::vector<int>& store) { return take_at(store, std::ranges::min_element(store)); });
}

}  // namespace
