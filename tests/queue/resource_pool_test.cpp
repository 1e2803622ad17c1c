// ResourcePool: PAT-4.

#include "support/lives.hpp"
#include "support/loops.hpp"
#include "support/schedules.hpp"
#include "support/trace.hpp"
#include "support/turns.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/testing/captured_log.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using asyncio::Coro;
using asyncio::Lease;
using asyncio::ResourcePool;
using asyncio::Task;
using support::Chance;
using support::Lives;
using support::Trace;
using support::turns;
using namespace std::chrono_literals;

/// A connection, say.
struct Resource {
    explicit Resource(int which, Lives& lives) : number(which), life(std::make_unique<Lives::One>(lives.one())) {}
    int number;
    std::unique_ptr<Lives::One> life;
};

class ResourcePoolTest : public support::OnEachDriver {
protected:
    ResourcePool<Resource>::Create create() {
        return [this]() -> Coro<Resource> {
            co_await turns();
            co_return Resource(++made, lives);
        };
    }
    ResourcePool<Resource>::Check check() {
        return [this](Resource& resource) -> Coro<bool> {
            co_await turns();
            if (throwing.contains(resource.number)) throw std::runtime_error("gone");
            co_return !broken.contains(resource.number);
        };
    }
    ResourcePool<Resource>::Close close() {
        return [this](Resource& resource) -> Coro<> {
            co_await turns();
            trace("x", resource.number);
            if (throwing.contains(resource.number)) throw std::runtime_error("cannot close");
        };
    }
    Task<void> user(ResourcePool<Resource>& pool, std::string name) {
        return loop.create_task([this, &pool, name = std::move(name)]() -> Coro<> {
            auto lease = co_await pool.acquire();
            trace(name, lease->number);
            co_await asyncio::sleep(1ms);
        });
    }
    Lives lives;
    int made = 0;
    std::set<int> broken;
    std::set<int> throwing;
    Trace trace;
};
ASYNCIO_ON_EACH_DRIVER(ResourcePoolTest);

TEST_P(ResourcePoolTest, refuses_what_makes_no_sense) {
    EXPECT_THROW(ResourcePool<Resource>(0, create()), std::invalid_argument);
    EXPECT_THROW(ResourcePool<Resource>(-1, create()), std::invalid_argument);
    EXPECT_THROW(ResourcePool<Resource>(1, nullptr), std::invalid_argument);
}

TEST_P(ResourcePoolTest, a_factory_that_fails_leaves_its_place_free) {
    bool fail = true;
    ResourcePool<int> pool(1, [&]() -> Coro<int> {
        co_await turns();
        if (fail) throw std::runtime_error("refused");
        co_return 7;
    });
    run([&]() -> Coro<> {
        EXPECT_THROW(static_cast<void>(co_await pool.acquire()), std::runtime_error);
        fail = false;
        auto lease = co_await pool.acquire();
        EXPECT_EQ(*lease, 7);
    });
}

TEST_P(ResourcePoolTest, PAT_4_never_more_than_n_are_borrowed_and_they_are_used_again) {
    ResourcePool<Resource> pool(2, create());
    run([&]() -> Coro<> {
        std::vector<Task<void>> users;
        for (const char* name : {"a", "b", "c", "d"}) users.push_back(user(pool, name));
        co_await turns(3);
        EXPECT_EQ(trace.str(), "a1 b2");
        EXPECT_EQ(pool.statistics().borrowed, 2U);
        EXPECT_EQ(pool.statistics().waiters.waiters, 2U);
        for (auto& task : users) co_await task;
    });
    EXPECT_EQ(made, 2);
    EXPECT_EQ(pool.statistics().idle, 2U);
    EXPECT_EQ(pool.statistics().borrowed, 0U);
    EXPECT_EQ(lives.now(), 2);
}

TEST_P(ResourcePoolTest, PAT_4_a_lease_gives_back_once) {
    ResourcePool<Resource> pool(1, create());
    run([&]() -> Coro<> {
        auto lease = co_await pool.acquire();
        auto moved = std::move(lease);
        EXPECT_FALSE(lease.owns());  // NOLINT(bugprone-use-after-move)
        lease.release();
        EXPECT_EQ(pool.statistics().idle, 0U);
        moved.release();
        moved.release();
        EXPECT_EQ(pool.statistics().idle, 1U);
        auto again = co_await pool.acquire();
        EXPECT_EQ(again.get().number, 1);
        again = std::move(moved);  // which has nothing
        EXPECT_EQ(pool.statistics().idle, 1U);
    });
}

TEST_P(ResourcePoolTest, broken_ones_are_closed_and_replaced) {
    ResourcePool<Resource> pool(2, create(), check(), close());
    run([&]() -> Coro<> {
        {
            auto a = co_await pool.acquire();
            auto b = co_await pool.acquire();
        }
        EXPECT_EQ(pool.statistics().idle, 2U);
        broken = {1};
        throwing = {2};  // the check throws, and closing it does
        auto c = co_await pool.acquire();
        EXPECT_EQ(c->number, 3);
        EXPECT_EQ(pool.statistics().dropped, 2U);
        EXPECT_EQ(lives.now(), 1);
        c.discard();
        c.discard();
        EXPECT_FALSE(c.owns());
        EXPECT_EQ(lives.now(), 0);
        EXPECT_EQ(pool.statistics().dropped, 3U);
        auto d = co_await pool.acquire();
        EXPECT_EQ(d->number, 4);
    });
    EXPECT_EQ(pool.statistics().created, 4U);
}

TEST_P(ResourcePoolTest, cancelled_in_any_state_the_place_is_free_again) {
    ResourcePool<Resource> pool(1, create(), check(), close());
    run([&]() -> Coro<> {
        auto a = user(pool, "a");
        co_await turns();
        a.cancel();  // is making one
        co_await turns(2);
        EXPECT_EQ(pool.statistics().borrowed, 0U);

        auto lease = co_await pool.acquire();
        const int first = lease->number;
        auto b = user(pool, "b");
        auto c = user(pool, "c");
        co_await turns();
        b.cancel();  // waits
        co_await turns();
        lease.release();
        c.cancel();  // was chosen
        co_await turns(2);
        EXPECT_EQ(pool.statistics().idle, 1U);
        EXPECT_EQ(pool.statistics().borrowed, 0U);
        EXPECT_EQ(pool.statistics().waiters.waiters, 0U);

        auto d = user(pool, "d");
        co_await turns();
        d.cancel();  // is checking one, which is destroyed
        co_await turns(2);
        EXPECT_EQ(lives.now(), 0);
        lease = co_await pool.acquire();
        EXPECT_GT(lease->number, first);
    });
    EXPECT_EQ(trace.str(), "");
    EXPECT_EQ(pool.statistics().borrowed, 0U);
}

TEST_P(ResourcePoolTest, aclose_waits_for_the_leases_and_closes_all) {
    ResourcePool<Resource> pool(2, create(), nullptr, close());
    run([&]() -> Coro<> {
        auto a = co_await pool.acquire();
        auto b = co_await pool.acquire();
        auto waiting = user(pool, "never");
        co_await turns();
        auto closing = asyncio::create_task(pool.aclose());
        auto closing_too = asyncio::create_task(pool.aclose());
        co_await turns(3);
        EXPECT_FALSE(closing.done());
        EXPECT_TRUE(pool.closed());
        throwing = {a->number};
        a.release();
        co_await turns(3);
        EXPECT_TRUE(waiting.done());
        EXPECT_THROW(waiting.result(), asyncio::RuntimeError);
        b.release();
        EXPECT_THROW(co_await closing, std::runtime_error) << "one could not be closed";
        co_await closing_too;
        EXPECT_EQ(trace.str(), "x2 x1");
        EXPECT_EQ(lives.now(), 0);
        EXPECT_THROW(static_cast<void>(co_await pool.acquire()), asyncio::RuntimeError);
        co_await pool.aclose();
    });
}

TEST_P(ResourcePoolTest, aclose_closes_what_is_being_made_or_checked) {
    ResourcePool<Resource> pool(2, create(), check(), close());
    run([&]() -> Coro<> {
        {
            auto first = co_await pool.acquire();
        }
        auto checking = user(pool, "checking");
        auto making = user(pool, "making");
        co_await turns();
        EXPECT_EQ(pool.statistics().idle, 0U);
        co_await pool.aclose();
        EXPECT_TRUE(checking.done() && making.done());
        EXPECT_THROW(checking.result(), asyncio::RuntimeError);
        EXPECT_THROW(making.result(), asyncio::RuntimeError);
        EXPECT_EQ(trace.str(), "x2 x1");
    });
    EXPECT_EQ(lives.now(), 0);
}

TEST_P(ResourcePoolTest, a_cancelled_aclose_can_be_repeated) {
    ResourcePool<Resource> pool(2, create(), nullptr, close());
    run([&]() -> Coro<> {
        auto a = co_await pool.acquire();
        EXPECT_THROW(co_await asyncio::wait_for(pool.aclose(), 1ms), asyncio::TimeoutError);
        EXPECT_THROW(static_cast<void>(co_await pool.acquire()), asyncio::RuntimeError);
        a.release();
        co_await pool.aclose();
        EXPECT_EQ(trace.str(), "x1");
    });
    EXPECT_EQ(lives.now(), 0);
}

TEST_P(ResourcePoolTest, SYNC_11_destroyed_with_leases_waiters_and_one_in_the_making) {
    run([&]() -> Coro<> {
        auto pool = std::make_unique<ResourcePool<Resource>>(2, create(), check(), close());
        const auto wait = [&]() -> Coro<std::string> {
            try {
                auto lease = co_await pool->acquire();
            } catch (const asyncio::RuntimeError& error) {
                co_return error.what();
            }
            co_return "";
        };
        auto lease = co_await pool->acquire();
        auto making = asyncio::create_task(wait());
        auto waiting = asyncio::create_task(wait());
        co_await turns();
        pool.reset();
        EXPECT_EQ(co_await making, "ResourcePool destroyed while being awaited");
        EXPECT_EQ(co_await waiting, "Semaphore destroyed while being awaited");
        EXPECT_EQ(lease->number, 1);
        EXPECT_EQ(lives.now(), 1);
        lease.release();
        EXPECT_EQ(lives.now(), 0);
    });
}

TEST_P(ResourcePoolTest, SYNC_11_closing_the_loop_gives_everything_back) {
    ResourcePool<Resource> pool(1, create());
    const asyncio::testing::CapturedLog log;
    run([&]() -> Coro<> {
        user(pool, "a");
        user(pool, "b");
        co_await turns(3);
    });
    loop.close();
    EXPECT_EQ(pool.statistics().waiters.waiters, 0U);
    EXPECT_EQ(pool.statistics().borrowed, 0U);
    EXPECT_EQ(lives.now(), 1) << "idle";
}

TEST(ResourcePoolSchedules, PAT_4_no_place_is_lost) {
    support::on_each_schedule([](Chance& chance) -> Coro<> {
        int inside = 0;
        ResourcePool<int> pool(
            2,
            [&]() -> Coro<int> {
                co_await chance.wait_below(2);
                if (chance.one_in(5)) throw std::runtime_error("refused");
                co_return 1;
            },
            [&](int&) -> Coro<bool> {
                co_await chance.wait_below(2);
                co_return !chance.one_in(4);
            });
        std::vector<Task<void>> workers;
        const auto work = [&]() -> Coro<> {
            for (int round = 0; round < 4; ++round) {
                try {
                    auto lease = co_await pool.acquire();
                    EXPECT_LE(++inside, 2);
                    try {
                        co_await chance.wait_below(3);
                    } catch (const asyncio::CancelledError&) {
                    }
                    --inside;
                    if (chance.one_in(3)) lease.discard();
                } catch (const asyncio::CancelledError&) {
                } catch (const std::runtime_error&) {
                }
            }
        };
        for (int i = 0; i < 5; ++i) workers.push_back(asyncio::create_task(work()));
        for (int i = 0; i < 6; ++i) {
            co_await chance.wait_below(3);
            chance.cancel_one_of(workers);
        }
        co_await asyncio::wait(workers);
        EXPECT_EQ(pool.statistics().borrowed, 0U);
        EXPECT_EQ(pool.statistics().waiters.waiters, 0U);
        co_await pool.aclose();
    });
}

TEST_P(ResourcePoolTest, PAT_4_acquire_of_a_closed_pool_throws_without_waiting_for_the_end_of_aclose) {
    run([&]() -> Coro<> {
        ResourcePool<Resource> pool(2, create());
        auto lease = co_await pool.acquire();
        auto close = [&]() -> Coro<> { co_await pool.aclose(); };
        auto closing = asyncio::create_task(close());
        co_await turns();
        bool refused = false;
        try {
            static_cast<void>(co_await pool.acquire());
        } catch (const asyncio::RuntimeError&) {
            refused = true;
        }
        EXPECT_TRUE(refused);
        EXPECT_FALSE(closing.done());
        lease.release();
        co_await closing;
    });
}

}  // namespace
