// RWLock: not in Python's asyncio; the common rules of the primitives hold for it (SYNC-1 to SYNC-12).

#include "support/schedules.hpp"
#include "support/traced.hpp"
#include "support/turns.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/testing/captured_log.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

using asyncio::Coro;
using asyncio::RWLock;
using asyncio::Task;
using support::Chance;
using support::turns;
using namespace std::chrono_literals;

class RWLockTest : public support::TracedOnEachDriver {
protected:
    /// Takes it and keeps it.
    Task<void> reader(RWLock& lock, std::string name) { return taker(lock, false, std::move(name)); }
    Task<void> writer(RWLock& lock, std::string name) { return taker(lock, true, std::move(name)); }
    Task<void> taker(RWLock& lock, bool writes, std::string name) {
        return traced(std::move(name), [&lock, writes] { return writes ? lock.acquire_write() : lock.acquire_read(); });
    }
};
ASYNCIO_ON_EACH_DRIVER(RWLockTest);

static_assert(!std::is_move_constructible_v<RWLock>);

TEST_P(RWLockTest, releasing_what_nobody_holds_is_refused) {
    RWLock lock;
    EXPECT_THROW(lock.release_read(), asyncio::RuntimeError);
    EXPECT_THROW(lock.release_write(), asyncio::RuntimeError);
    run([&]() -> Coro<> {
        co_await lock.acquire_read();
        EXPECT_THROW(lock.release_write(), asyncio::RuntimeError);
        lock.release_read();
        co_await lock.acquire_write();
        EXPECT_THROW(lock.release_read(), asyncio::RuntimeError);
        lock.release_write();
    });
    EXPECT_FALSE(lock.write_locked());
}

TEST_P(RWLockTest, SYNC_1_readers_enter_together_without_giving_way) {
    RWLock lock;
    run([&]() -> Coro<> {
        auto other = asyncio::create_task([&]() -> Coro<> {
            trace("other");
            co_return;
        });
        auto first = co_await lock.read_guard();
        auto second = co_await lock.read_guard();
        EXPECT_EQ(trace.str(), "");
        EXPECT_EQ(lock.statistics().readers, 2U);
        EXPECT_FALSE(lock.read_locked());
        EXPECT_TRUE(lock.write_locked());
        co_await other;
    });
    EXPECT_EQ(lock.statistics().readers, 0U);
}

TEST_P(RWLockTest, a_writer_is_alone) {
    RWLock lock;
    run([&]() -> Coro<> {
        auto guard = co_await lock.write_guard();
        auto a = reader(lock, "r");
        auto b = writer(lock, "w");
        co_await turns(3);
        EXPECT_EQ(trace.str(), "");
        guard.release();
        EXPECT_TRUE(lock.write_locked()) << "it belongs to the reader at once";
        co_await turns();
        EXPECT_EQ(trace.str(), "r");
        lock.release_read();
        co_await turns();
        EXPECT_EQ(trace.str(), "r w");
        lock.release_write();
    });
}

TEST_P(RWLockTest, SYNC_3_a_waiting_writer_is_not_starved_and_readers_come_in_batches) {
    RWLock lock;
    run([&]() -> Coro<> {
        co_await lock.acquire_read();
        std::vector<Task<void>> tasks;
        tasks.push_back(writer(lock, "w1"));
        tasks.push_back(reader(lock, "a"));
        tasks.push_back(reader(lock, "b"));
        tasks.push_back(writer(lock, "w2"));
        tasks.push_back(reader(lock, "c"));
        co_await turns();
        EXPECT_TRUE(lock.read_locked());
        lock.release_read();
        co_await turns();
        EXPECT_EQ(trace.str(), "w1");
        lock.release_write();
        auto late = reader(lock, "late");
        co_await turns(2);
        EXPECT_EQ(trace.str(), "w1 a b");
        lock.release_read();
        co_await turns();
        EXPECT_EQ(trace.str(), "w1 a b");
        lock.release_read();
        co_await turns();
        EXPECT_EQ(trace.str(), "w1 a b w2");
        lock.release_write();
        co_await turns();
        EXPECT_EQ(trace.str(), "w1 a b w2 c late");
    });
}

TEST_P(RWLockTest, cancelling_a_waiting_writer_lets_the_readers_behind_it_in_at_once) {
    RWLock lock;
    run([&]() -> Coro<> {
        co_await lock.acquire_read();
        auto w = writer(lock, "w");
        auto a = reader(lock, "a");
        auto b = reader(lock, "b");
        co_await turns();
        w.cancel();
        EXPECT_EQ(lock.statistics().readers, 3U);
        co_await turns();
        EXPECT_EQ(trace.str(), "cw a b");
    });
}

TEST_P(RWLockTest, cancelled_after_being_chosen_it_goes_to_the_next) {
    RWLock lock;
    run([&]() -> Coro<> {
        co_await lock.acquire_write();
        auto w1 = writer(lock, "w1");
        auto a = reader(lock, "a");
        auto w2 = writer(lock, "w2");
        co_await turns();
        lock.release_write();
        w1.cancel();
        co_await turns(2);
        EXPECT_EQ(trace.str(), "cw1 a");
        lock.release_read();
        w2.cancel();
        co_await turns(2);
        EXPECT_EQ(trace.str(), "cw1 a cw2");
        EXPECT_FALSE(lock.write_locked());
        EXPECT_EQ(lock.statistics().waiters.waiters, 0U);
    });
}

TEST_P(RWLockTest, SYNC_4_a_time_limit_around_the_await) {
    RWLock lock;
    run([&]() -> Coro<> {
        co_await lock.acquire_read();
        EXPECT_THROW(co_await asyncio::wait_for(lock.acquire_write(), 1ms), asyncio::TimeoutError);
        EXPECT_FALSE(lock.read_locked());
        lock.release_read();
        auto guard = co_await asyncio::wait_for(lock.write_guard(), 1s);
        EXPECT_TRUE(guard.owns());
    });
    EXPECT_FALSE(lock.write_locked());
}

TEST_P(RWLockTest, SYNC_7_belongs_to_one_loop) {
    RWLock lock;
    run([&]() -> Coro<> {
        co_await lock.acquire_read();
        auto w = writer(lock, "w");
        co_await turns();
        lock.release_read();
        co_await w;
    });
    auto second = support::make_loop(GetParam());
    EXPECT_THROW(second->run_until_complete([&]() -> Coro<> { co_await lock.acquire_read(); }), asyncio::RuntimeError);
    second->close();
}

TEST_P(RWLockTest, SYNC_8_guards_release_once_and_can_be_moved) {
    RWLock lock;
    run([&]() -> Coro<> {
        auto guard = co_await lock.read_guard();
        auto moved = std::move(guard);
        guard.release();  // NOLINT(bugprone-use-after-move): has nothing to release
        EXPECT_EQ(lock.statistics().readers, 1U);
        moved.release();
        moved.release();
        EXPECT_EQ(lock.statistics().readers, 0U);
        auto task = asyncio::create_task([&]() -> Coro<> {
            auto inner = co_await lock.write_guard();
            co_await asyncio::sleep(1h);
        });
        task.set_name("author");
        co_await turns();
        EXPECT_EQ(lock.statistics().writer, "author");
        task.cancel();
        co_await turns();
        EXPECT_FALSE(lock.write_locked());
    });
}

TEST_P(RWLockTest, SYNC_10_repr) {
    RWLock lock;
    const auto says = [&](const char* text) { return lock.repr().find(text) != std::string::npos; };
    EXPECT_TRUE(says("<RWLock at 0x")) << lock.repr();
    EXPECT_TRUE(says(" [unlocked]>")) << lock.repr();
    run([&]() -> Coro<> {
        co_await lock.acquire_read();
        auto w = writer(lock, "w");
        co_await turns();
        EXPECT_TRUE(says(" [readers:1, waiters:1]>")) << lock.repr();
        lock.release_read();
        co_await w;
        EXPECT_TRUE(says(" [writing]>")) << lock.repr();
    });
}

TEST_P(RWLockTest, SYNC_11_destroying_it_wakes_its_waiters_and_disarms_its_guards) {
    run([&]() -> Coro<> {
        auto lock = std::make_unique<RWLock>();
        auto guard = co_await lock->write_guard();
        const auto wait = [&](bool writes) -> Coro<std::string> {
            try {
                co_await (writes ? lock->acquire_write() : lock->acquire_read());
            } catch (const asyncio::RuntimeError& error) {
                co_return error.what();
            }
            co_return "";
        };
        auto a = asyncio::create_task(wait(true));
        auto b = asyncio::create_task(wait(false));
        co_await turns();
        guard.release();  // a is chosen
        lock.reset();
        EXPECT_EQ(co_await a, "RWLock destroyed while being awaited");
        EXPECT_EQ(co_await b, "RWLock destroyed while being awaited");
    });
    run([&]() -> Coro<> {
        auto lock = std::make_unique<RWLock>();
        auto guard = co_await lock->read_guard();
        lock.reset();
        EXPECT_FALSE(guard.owns());
    });
}

TEST_P(RWLockTest, SYNC_11_closing_the_loop_unlinks_its_waiters) {
    RWLock lock;
    const asyncio::testing::CapturedLog log;
    run([&]() -> Coro<> {
        co_await lock.acquire_write();
        writer(lock, "w");
        reader(lock, "a");
        reader(lock, "b");
        co_await turns();
    });
    lock.release_write();  // w is chosen
    loop.close();
    EXPECT_EQ(lock.statistics().waiters.waiters, 0U);
    EXPECT_FALSE(lock.write_locked()) << "nobody came for it";
}

TEST(RWLockSchedules, neither_a_wake_up_nor_the_exclusion_is_lost) {
    support::on_each_schedule([](Chance& chance) -> Coro<> {
        RWLock lock;
        std::vector<Task<void>> workers;
        int reading = 0;
        int writing = 0;
        const auto work = [&](bool writes) -> Coro<> {
            for (int round = 0; round < 4; ++round) {
                try {
                    auto guard = co_await (writes ? lock.write_guard() : lock.read_guard());
                    int& inside = writes ? writing : reading;
                    ++inside;
                    EXPECT_TRUE(writing == 0 || (writing == 1 && reading == 0));
                    try {
                        co_await chance.wait_below(3);
                    } catch (const asyncio::CancelledError&) {
                    }
                    --inside;
                    if (chance.one_in(2)) {
                        guard.release();
                        chance.cancel_one_of(workers);  // perhaps the very one that was chosen
                    }
                } catch (const asyncio::CancelledError&) {
                }
                try {
                    co_await chance.wait_below(2);
                } catch (const asyncio::CancelledError&) {
                }
            }
        };
        for (int i = 0; i < 6; ++i) workers.push_back(asyncio::create_task(work(i % 3 == 0)));
        for (int i = 0; i < 6; ++i) {
            co_await chance.wait_below(3);
            chance.cancel_one_of(workers);
        }
        co_await asyncio::wait(workers);
        EXPECT_FALSE(lock.write_locked());
        EXPECT_EQ(lock.statistics().waiters.waiters, 0U);
    });
}

}  // namespace
