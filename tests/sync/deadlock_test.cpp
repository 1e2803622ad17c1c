// find_deadlocks, and what a loop in debug mode says before it sleeps for ever. Python's asyncio has neither.

#include "support/gate.hpp"
#include "support/turns.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/testing/captured_log.hpp>
#include <asyncio/testing/run_virtual.hpp>

#include <gtest/gtest.h>

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <semaphore>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using asyncio::Condition;
using asyncio::Coro;
using asyncio::Deadlock;
using asyncio::Event;
using asyncio::Lock;
using asyncio::RWLock;
using asyncio::Semaphore;
using asyncio::Task;
using support::turns;
using namespace std::chrono_literals;

/// Says when the loop sleeps without a deadline. Timers are due at once; descriptors never become ready.
class SleepingDriver final : public asyncio::ReadinessDriver {
public:
    std::function<void()> on_sleep;

    [[nodiscard]] std::string_view name() const noexcept override { return "sleeping"; }
    [[nodiscard]] asyncio::Clock::time_point now() noexcept override { return clock_; }
    void wait(asyncio::Clock::time_point deadline) override {
        if (deadline == asyncio::Clock::time_point::min()) return;
        if (deadline != asyncio::Clock::time_point::max()) {
            clock_ = std::max(clock_, deadline);
            return;
        }
        on_sleep();
    }
    void wake() noexcept override { woken.release(); }

    std::counting_semaphore<1000> woken{0};

private:
    std::int64_t set_interest(int, bool, bool) noexcept override { return 0; }

    asyncio::Clock::time_point clock_{1000s};
};

/// The names of the members, from the one that comes first in the alphabet: "a b".
std::string names(const Deadlock& deadlock) {
    std::vector<std::string> all;
    for (const auto& member : deadlock.tasks) all.push_back(member.task.get_name());
    std::rotate(all.begin(), std::min_element(all.begin(), all.end()), all.end());
    std::string text;
    for (const auto& name : all) text += (text.empty() ? "" : " ") + name;
    return text;
}

std::vector<std::string> names(const std::vector<Deadlock>& deadlocks) {
    std::vector<std::string> all;
    for (const auto& deadlock : deadlocks) all.push_back(names(deadlock));
    std::sort(all.begin(), all.end());
    return all;
}

using Names = std::vector<std::string>;

Coro<> take_both(Lock& first, Lock& second) {
    auto one = co_await first.guard();
    co_await turns();
    auto two = co_await second.guard();
}

class DeadlockTest : public ::testing::Test {
protected:
    DeadlockTest() { loop.set_debug(true); }
    ~DeadlockTest() override { loop.close(); }

    template <class Coroutine>
    Task<void> start(std::string name, Coroutine&& coroutine) {
        return loop.create_task(std::forward<Coroutine>(coroutine), {.name = std::move(name)});
    }
    /// Two tasks, a and b, that have crossed each other.
    void cross() {
        start("a", take_both(lock, other));
        start("b", take_both(other, lock));
    }
    /// Runs until the loop has slept so often.
    void run_until_asleep(int times = 1) {
        driver.on_sleep = [this, &times] {
            if (--times <= 0) loop.stop();
        };
        loop.run_forever();
    }
    [[nodiscard]] Names found() { return names(asyncio::find_deadlocks(loop)); }
    [[nodiscard]] Names reports() const {
        Names texts;
        for (const auto& line : log.lines())
            if (line.text.starts_with("Deadlock")) texts.push_back(line.text);
        return texts;
    }

    asyncio::testing::CapturedLog log;
    Lock lock;
    Lock other;
    Event event;

private:
    std::unique_ptr<SleepingDriver> new_driver_ = std::make_unique<SleepingDriver>();

protected:
    SleepingDriver& driver = *new_driver_;
    asyncio::EventLoop loop{std::move(new_driver_)};
};

TEST(Deadlocks, asking_needs_a_running_loop_or_one_that_is_given) {
    EXPECT_THROW(static_cast<void>(asyncio::find_deadlocks()), asyncio::RuntimeError);
    asyncio::EventLoop loop;
    EXPECT_TRUE(asyncio::find_deadlocks(loop).empty());
    loop.close();
    EXPECT_TRUE(asyncio::find_deadlocks(loop).empty());
}

// --- what is a ring ---

TEST_F(DeadlockTest, two_locks_crossed) {
    cross();
    run_until_asleep();
    const auto deadlocks = asyncio::find_deadlocks(loop);
    ASSERT_EQ(deadlocks.size(), 1U);
    const auto& tasks = deadlocks[0].tasks;
    ASSERT_EQ(tasks.size(), 2U);
    EXPECT_EQ(names(deadlocks[0]), "a b");
    EXPECT_EQ(tasks[0].holder, tasks[1].task);
    EXPECT_EQ(tasks[1].holder, tasks[0].task);
    EXPECT_NE(tasks[0].waits_for, tasks[1].waits_for);
    EXPECT_TRUE(tasks[0].waits_for.starts_with("Lock at 0x"));
    EXPECT_FALSE(tasks[0].in_line);
    ASSERT_FALSE(tasks[0].call_stack.empty());
    EXPECT_TRUE(tasks[0].call_stack.front().function().ends_with("take_both"));
    EXPECT_NE(std::string(tasks[0].call_stack.front().file()).find("deadlock_test.cpp"), std::string::npos);
}

TEST_F(DeadlockTest, three_in_a_ring_and_nobody_who_waits_outside_of_it) {
    Lock third;
    start("a", take_both(lock, other));
    start("b", take_both(other, third));
    start("c", take_both(third, lock));
    start("outside", [this]() -> Coro<> { auto guard = co_await lock.guard(); });
    run_until_asleep();
    EXPECT_EQ(found(), Names{"a b c"});
    EXPECT_EQ(reports().size(), 1U);
}

TEST_F(DeadlockTest, a_task_that_takes_its_own_lock_again) {
    start("a", take_both(lock, lock));
    run_until_asleep();
    EXPECT_EQ(found(), Names{"a"});
    ASSERT_EQ(reports().size(), 1U);
    EXPECT_NE(reports()[0].find("Deadlock of a task with itself:\n  'a' in "), std::string::npos);
    EXPECT_NE(reports()[0].find(", held by itself"), std::string::npos) << reports()[0];
}

TEST_F(DeadlockTest, through_an_await) {
    start("a", [this]() -> Coro<> {
        auto guard = co_await lock.guard();
        co_await start("b", take_both(other, lock));
    });
    run_until_asleep();
    EXPECT_EQ(found(), Names{"a b"});
    EXPECT_NE(log.text().find(" waits for the end of 'b'"), std::string::npos) << log.text();
}

TEST_F(DeadlockTest, through_gather_with_each_of_its_tasks) {
    start("a", [this]() -> Coro<> {
        auto guard = co_await lock.guard();
        auto b = start("b", take_both(other, lock));
        auto c = start("c", take_both(lock, other));
        auto d = start("d", [this]() -> Coro<> { co_await event.wait(); });
        co_await asyncio::gather(b, c, d);
    });
    run_until_asleep();
    EXPECT_EQ(found(), (Names{"a b", "a c"}));
}

TEST_F(DeadlockTest, through_shield_and_wait) {
    start("a", [this]() -> Coro<> {
        auto guard = co_await lock.guard();
        co_await asyncio::shield(start("b", take_both(other, lock)));
    });
    Lock third;
    start("c", [this, &third]() -> Coro<> {
        auto guard = co_await third.guard();
        std::vector<Task<void>> tasks{start("d", [&third]() -> Coro<> { co_await third.acquire(); }),
                                      start("e", [this]() -> Coro<> { co_await event.wait(); })};
        co_await asyncio::wait(tasks);
    });
    run_until_asleep();
    EXPECT_EQ(found(), (Names{"a b", "c d"}));
}

TEST_F(DeadlockTest, a_wait_for_the_first_counts_when_none_can_come) {
    const auto waiter = [this](asyncio::Future<void> future, bool also) -> Coro<> {
        auto guard = co_await lock.guard();
        std::vector<asyncio::Future<void>> futures{
            start("b", [this]() -> Coro<> { auto inner = co_await lock.guard(); })};
        if (also) futures.push_back(future);
        co_await asyncio::wait(futures, {.return_when = asyncio::FIRST_COMPLETED});
    };
    auto future = loop.create_future<void>();
    auto a = start("a", waiter(future, true));
    run_until_asleep();
    EXPECT_EQ(found(), Names{}) << "the future may come";
    EXPECT_EQ(reports().size(), 0U);
    a.cancel();
    start("c", waiter(future, false));
    run_until_asleep();
    ASSERT_EQ(found().size(), 1U);
    EXPECT_EQ(reports().size(), 1U);
}

TEST_F(DeadlockTest, of_a_group_the_end_is_waited_for_not_the_body) {
    start("a", [this]() -> Coro<> {
        auto guard = co_await lock.guard();
        const auto body = [this](asyncio::TaskGroup& group) -> Coro<> {
            group.create_task([this]() -> Coro<> { co_await lock.acquire(); }, {.name = "b"});
            co_await event.wait();
        };
        co_await asyncio::async_with(asyncio::TaskGroup(), body);
    });
    run_until_asleep();
    EXPECT_EQ(found(), Names{}) << "in the body";
    event.set();
    run_until_asleep();
    EXPECT_EQ(found(), Names{"a b"}) << "at the end";
}

TEST_F(DeadlockTest, of_a_condition_its_lock) {
    Condition condition(lock);
    auto a = start("a", [&condition]() -> Coro<> {
        auto guard = co_await condition.guard();
        co_await condition.wait();
    });
    start("b", [this, &condition, a]() mutable -> Coro<> {
        co_await turns();
        auto guard = co_await condition.guard();
        co_await event.wait();
        condition.notify();
        co_await a;
    });
    run_until_asleep();
    EXPECT_EQ(found(), Names{}) << "anybody may notify";
    event.set();
    run_until_asleep();
    EXPECT_EQ(found(), Names{"a b"});
}

TEST_F(DeadlockTest, a_semaphore_all_of_whose_guards_are_stuck) {
    Semaphore semaphore(2);
    start("a", [this, &semaphore]() -> Coro<> {
        auto unit = co_await semaphore.guard();
        auto guard = co_await lock.guard();
        co_await turns(2);
        auto more = co_await semaphore.guard();
    });
    start("b", [this, &semaphore]() -> Coro<> {
        auto unit = co_await semaphore.guard();
        co_await event.wait();
        auto guard = co_await lock.guard();
    });
    run_until_asleep();
    EXPECT_EQ(found(), Names{}) << "b may release its unit";
    event.set();
    run_until_asleep();
    EXPECT_EQ(found(), (Names{"a", "a b"}));
}

TEST_F(DeadlockTest, where_many_hold_the_others_are_behind_the_first_in_the_line) {
    constexpr int many = 20;
    Semaphore semaphore(many);
    for (int i = 0; i < many; ++i)
        start("t" + std::to_string(i), [this, &semaphore, i]() -> Coro<> {
            auto unit = co_await semaphore.guard();
            co_await turns(2);
            if (i == many - 1) co_await event.wait();
            auto more = co_await semaphore.guard();
        });
    run_until_asleep();
    EXPECT_EQ(found(), Names{}) << "the last one may release its unit";
    event.set();
    run_until_asleep();
    const Names rings = found();
    EXPECT_EQ(rings.size(), static_cast<std::size_t>(many));
    EXPECT_NE(std::find(rings.begin(), rings.end(), "t0 t1"), rings.end());
    EXPECT_NE(log.text().find(", behind 't0'"), std::string::npos) << log.text();
}

TEST_F(DeadlockTest, units_without_a_guard_are_nobodys) {
    Semaphore semaphore(2);
    Semaphore signal(0);
    start("a", [&semaphore]() -> Coro<> {
        auto unit = co_await semaphore.guard();
        co_await semaphore.acquire();
        co_await semaphore.acquire();
    });
    start("b", [&signal]() -> Coro<> { co_await signal.acquire(); });
    run_until_asleep();
    EXPECT_EQ(found(), Names{});
}

TEST_F(DeadlockTest, a_reader_that_reads_again_behind_a_writer) {
    RWLock shared;
    start("reader", [&shared]() -> Coro<> {
        auto one = co_await shared.read_guard();
        co_await turns(2);
        auto two = co_await shared.read_guard();
    });
    start("writer", [&shared]() -> Coro<> { auto guard = co_await shared.write_guard(); });
    run_until_asleep();
    EXPECT_EQ(found(), Names{"reader writer"});
    EXPECT_NE(log.text().find(", behind 'writer'"), std::string::npos) << log.text();
    EXPECT_NE(log.text().find(", held by 'reader'"), std::string::npos) << log.text();
}

TEST_F(DeadlockTest, readers_that_want_to_write_and_a_writer_that_wants_to_read) {
    RWLock shared;
    const auto upgrade = [](RWLock& of) -> Coro<> {
        auto one = co_await of.read_guard();
        co_await turns();
        auto two = co_await of.write_guard();
    };
    auto a = start("a", upgrade(shared));
    auto b = start("b", upgrade(shared));
    run_until_asleep();
    EXPECT_EQ(found(), (Names{"a", "a b", "b"}));
    a.cancel();
    b.cancel();
    start("c", [&shared]() -> Coro<> {
        auto one = co_await shared.write_guard();
        auto two = co_await shared.read_guard();
    });
    run_until_asleep();
    EXPECT_EQ(found(), Names{"c"});
}

TEST_F(DeadlockTest, a_holder_that_has_ended_is_in_no_ring) {
    start("a", [this]() -> Coro<> { co_await lock.acquire(); });
    start("b", take_both(other, lock));
    run_until_asleep();
    EXPECT_EQ(found(), Names{});
}

TEST_F(DeadlockTest, a_guard_that_outlives_its_task_is_not_that_of_the_next_in_its_memory) {
    Semaphore semaphore;
    std::optional<asyncio::Guard<Semaphore>> kept;
    for (int i = 0; i < 100; ++i) {
        kept.reset();
        start("a", [&]() -> Coro<> { kept.emplace(co_await semaphore.guard()); });
        run_until_asleep();
        auto b = start("b", [&]() -> Coro<> { co_await semaphore.acquire(); });
        run_until_asleep();
        EXPECT_EQ(found(), Names{});
        b.cancel();
        run_until_asleep();
    }
}

TEST_F(DeadlockTest, a_said_edge_counts) {
    auto a = start("a", take_both(lock, other));
    auto b = start("b", [this]() -> Coro<> {
        auto guard = co_await other.guard();
        co_await event.wait();
    });
    asyncio::future_add_to_awaited_by(a, b);
    run_until_asleep();
    EXPECT_EQ(found(), Names{"a b"});
}

TEST_F(DeadlockTest, a_ring_of_ten_thousand) {
    constexpr std::size_t count = 10'000;
    std::deque<Lock> locks(count);
    for (std::size_t i = 0; i < count; ++i) start("t", take_both(locks[i], locks[(i + 1) % count]));
    run_until_asleep();
    const auto deadlocks = asyncio::find_deadlocks(loop);
    ASSERT_EQ(deadlocks.size(), 1U);
    EXPECT_EQ(deadlocks[0].tasks.size(), count);
    loop.close();
}

// --- at any time ---

TEST_F(DeadlockTest, a_part_of_the_program_may_be_stuck) {
    cross();
    auto c = start("c", []() -> Coro<> {
        co_await turns(4);
        EXPECT_EQ(names(asyncio::find_deadlocks()), Names{"a b"});
    });
    run_until_asleep();
    EXPECT_TRUE(c.done());
}

TEST_F(DeadlockTest, a_holder_that_is_about_to_go_on_is_not_stuck) {
    auto a = start("a", take_both(lock, other));
    start("b", take_both(other, lock));
    run_until_asleep();
    ASSERT_EQ(found(), Names{"a b"});
    a.cancel();
    EXPECT_EQ(found(), Names{}) << "cancelled, though it has not run yet";
    run_until_asleep();
    EXPECT_EQ(found(), Names{});
    EXPECT_TRUE(a.cancelled());
    EXPECT_FALSE(lock.locked());
}

TEST_F(DeadlockTest, a_release_by_somebody_else_dissolves_it) {
    cross();
    run_until_asleep();
    lock.release();
    EXPECT_EQ(found(), Names{});
}

TEST_F(DeadlockTest, a_guard_that_moved_is_still_the_takers) {
    Semaphore semaphore;
    start("a", [&semaphore]() -> Coro<> {
        auto guard = co_await semaphore.guard();
        auto moved = std::move(guard);
        co_await semaphore.acquire();
    });
    run_until_asleep();
    EXPECT_EQ(found(), Names{"a"});
}

TEST_F(DeadlockTest, prints) {
    cross();
    run_until_asleep();
    const auto deadlocks = asyncio::find_deadlocks(loop);
    ASSERT_EQ(deadlocks.size(), 1U);
    std::FILE* const file = std::tmpfile();
    ASSERT_NE(file, nullptr);
    asyncio::print_deadlock(deadlocks[0], file);
    std::rewind(file);
    std::string text(4096, '\0');
    text.resize(std::fread(text.data(), 1, text.size(), file));
    std::fclose(file);
    EXPECT_EQ(text, asyncio::format_deadlock(deadlocks[0]) + "\n");
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3);
}

// --- before the loop sleeps ---

TEST_F(DeadlockTest, is_said_once) {
    cross();
    run_until_asleep(3);
    EXPECT_EQ(reports(), Names{asyncio::format_deadlock(asyncio::find_deadlocks(loop).at(0))});
    EXPECT_EQ(log.lines().back().level, asyncio::LogLevel::error);
}

TEST_F(DeadlockTest, is_said_again_when_it_has_come_again) {
    auto a = start("a", take_both(lock, other));
    auto b = start("b", take_both(other, lock));
    run_until_asleep();
    Lock third;
    start("c", take_both(third, third));
    run_until_asleep();
    EXPECT_EQ(reports().size(), 2U) << "the new one alone";
    a.cancel();
    run_until_asleep();
    cross();
    run_until_asleep();
    EXPECT_TRUE(b.done());
    EXPECT_EQ(reports().size(), 3U);
}

TEST_F(DeadlockTest, is_not_said_without_debug_mode) {
    loop.set_debug(false);
    cross();
    run_until_asleep();
    EXPECT_EQ(found(), Names{"a b"});
    EXPECT_EQ(reports(), Names{});
}

TEST_F(DeadlockTest, is_not_said_while_a_timer_is_set) {
    cross();
    auto timer = start("timer", [this]() -> Coro<> {
        co_await asyncio::sleep(1h);
        EXPECT_EQ(reports(), Names{});
    });
    run_until_asleep();
    EXPECT_TRUE(timer.done());
    EXPECT_EQ(reports().size(), 1U) << "after the timer";
}

TEST_F(DeadlockTest, is_not_said_while_a_descriptor_is_watched) {
    cross();
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    loop.add_reader(ends[0], [] {});
    run_until_asleep();
    EXPECT_EQ(reports(), Names{});
    loop.remove_reader(ends[0]);
    run_until_asleep();
    EXPECT_EQ(reports().size(), 1U);
    ::close(ends[0]);
    ::close(ends[1]);
}

TEST_F(DeadlockTest, is_not_said_while_a_thread_has_a_job) {
    cross();
    support::Gate gate;
    auto job = start("job", [&gate]() -> Coro<> { co_await asyncio::to_thread([&gate] { gate.pass(); }); });
    run_until_asleep();
    EXPECT_EQ(reports(), Names{});
    gate.wait_until_entered();
    driver.on_sleep = [this, &gate, opened = false]() mutable {
        if (!std::exchange(opened, true)) gate.open();
        driver.woken.acquire();
    };
    job.add_done_callback([this](const auto&) { loop.stop(); });
    loop.run_forever();
    run_until_asleep();
    EXPECT_EQ(reports().size(), 1U);
}

TEST_F(DeadlockTest, of_very_many_the_first_are_said) {
    std::deque<Lock> locks(30);
    for (Lock& own : locks) start("t", take_both(own, own));
    run_until_asleep();
    EXPECT_EQ(asyncio::find_deadlocks(loop).size(), 30U);
    ASSERT_EQ(reports().size(), 21U);
    EXPECT_EQ(reports().back(), "Deadlocks: 10 more");
}

TEST(Deadlocks, a_stuck_simulated_loop_names_them) {
    try {
        asyncio::testing::run_virtual([]() -> Coro<> {
            Lock lock;
            co_await take_both(lock, lock);
        });
        FAIL() << "not stuck";
    } catch (const asyncio::RuntimeError& error) {
        const std::string text = error.what();
        EXPECT_NE(text.find("\nDeadlock of a task with itself:\n"), std::string::npos) << text;
    }
}

TEST(Deadlocks, a_simulated_loop_with_threads_says_them) {
    asyncio::testing::CapturedLog log;
    const asyncio::SimulatedOptions options{.allow_threads = true};
    asyncio::EventLoop loop(std::make_unique<asyncio::SimulatedDriver>(options));
    loop.set_debug(true);
    Lock lock;
    auto task = loop.create_task(take_both(lock, lock));
    // Who reads the log does something about it: then the loop does not sleep.
    const auto previous = asyncio::set_log_sink([&](asyncio::LogLevel, std::string_view text) {
        if (text.starts_with("Deadlock")) task.cancel();
    });
    EXPECT_THROW(loop.run_until_complete(task), asyncio::CancelledError);
    asyncio::set_log_sink(previous);
    loop.close();
}

}  // namespace
