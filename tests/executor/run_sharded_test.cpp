// run_sharded: the end of issue 6; no row, because asyncio has nothing of the kind.

#include <asyncio/executor/run_sharded.hpp>

#include <asyncio/base/exceptions.hpp>
#include <asyncio/net/streams.hpp>
#include <asyncio/task/future.hpp>
#include <asyncio/task/sleep.hpp>
#include <asyncio/testing/fault_plan.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

using asyncio::Coro;
using asyncio::Shard;

namespace {

Coro<> wait_for_ever() {
    const asyncio::Future<void> never;
    co_await never;
}

}  // namespace

TEST(RunSharded, each_shard_has_a_loop_and_a_thread_of_its_own) {
    std::mutex mutex;
    std::set<std::thread::id> threads;
    std::set<asyncio::EventLoop*> loops;
    std::vector<std::size_t> counts;
    asyncio::run_sharded(4, [&](Shard shard) -> Coro<> {
        const std::lock_guard lock(mutex);
        threads.insert(std::this_thread::get_id());
        loops.insert(&asyncio::get_running_loop());
        counts.push_back(shard.count());
        co_return;
    });
    EXPECT_EQ(threads.size(), 4U);
    EXPECT_TRUE(threads.contains(std::this_thread::get_id()));
    EXPECT_EQ(loops.size(), 4U);
    EXPECT_EQ(counts, std::vector<std::size_t>(4, 4));
}

TEST(RunSharded, shards_call_each_other) {
    std::atomic<int> answers{0};
    auto factory = [&](Shard shard) -> Coro<> {
        if (shard.index() != 0) co_await wait_for_ever();
        for (std::size_t other = 1; other < shard.count(); ++other) {
            auto there = [other]() -> Coro<std::size_t> { co_return other; };
            const std::size_t answer = co_await shard.run_on(other, there);
            answers += static_cast<int>(answer);
        }
        throw std::runtime_error("enough");
    };
    EXPECT_THROW(asyncio::run_sharded(3, factory), std::runtime_error);
    EXPECT_EQ(answers, 3);
}

TEST(RunSharded, one_that_fails_ends_all_and_its_exception_comes_out) {
    std::atomic<int> cancelled{0};
    auto factory = [&](Shard shard) -> Coro<> {
        if (shard.index() == 2) throw std::invalid_argument("two");
        try {
            co_await wait_for_ever();
        } catch (const asyncio::CancelledError&) {
            ++cancelled;
            throw;
        }
    };
    EXPECT_THROW(asyncio::run_sharded(4, factory), std::invalid_argument);
    EXPECT_LE(cancelled, 3);  // some may not have begun
}

TEST(RunSharded, the_first_exception_is_thrown_not_what_follows_from_it) {
    auto factory = [](Shard shard) -> Coro<> {
        if (shard.index() == 0) throw std::invalid_argument("first");
        try {
            co_await wait_for_ever();
        } catch (const asyncio::CancelledError&) {
            throw std::runtime_error("second");
        }
    };
    EXPECT_THROW(asyncio::run_sharded(2, factory), std::invalid_argument);
}

TEST(RunSharded, what_is_left_over_is_cancelled_in_every_loop) {
    std::atomic<int> cancelled{0};
    auto background = [&]() -> Coro<> {
        try {
            co_await wait_for_ever();
        } catch (const asyncio::CancelledError&) {
            ++cancelled;
            throw;
        }
    };
    asyncio::run_sharded(3, [&](Shard) -> Coro<> {
        const auto task = asyncio::create_task(background());
        co_await asyncio::sleep(std::chrono::seconds(0));
    });
    EXPECT_EQ(cancelled, 3);
}

TEST(RunSharded, a_shard_that_has_ended_refuses_calls) {
    std::atomic<bool> refused{false};
    asyncio::run_sharded(2, [&](Shard shard) -> Coro<> {
        if (shard.index() == 1) co_return;
        auto nothing = []() -> Coro<> { co_return; };
        while (!refused) {
            try {
                co_await shard.run_on(1, nothing);
            } catch (const asyncio::RuntimeError&) {
                refused = true;
            } catch (const asyncio::CancelledError&) {
                // It ended meanwhile.
            }
        }
    });
    EXPECT_TRUE(refused);
}

TEST(RunSharded, ctrl_c_ends_all_even_when_the_first_shard_has_nothing_left_to_do) {
    std::atomic<int> cancelled{0};
    auto interrupt = []() -> Coro<> {
        asyncio::get_running_loop().call_soon([] { std::raise(SIGINT); });
        co_return;
    };
    auto factory = [&](Shard shard) -> Coro<> {
        if (shard.index() == 0) co_return;
        try {
            co_await shard.run_on(0, interrupt);
            co_await wait_for_ever();
        } catch (const asyncio::CancelledError&) {
            ++cancelled;
            throw;
        }
    };
    EXPECT_THROW(asyncio::run_sharded(2, factory), asyncio::KeyboardInterrupt);
    EXPECT_EQ(cancelled, 1);
}

TEST(RunSharded, mistakes_are_told) {
    auto nothing = [](Shard) -> Coro<> { co_return; };
    EXPECT_THROW(asyncio::run_sharded(0, nothing), std::invalid_argument);
    EXPECT_THROW(asyncio::run_sharded(1,
                                      [&](Shard) -> Coro<> {
                                          asyncio::run_sharded(1, nothing);
                                          co_return;
                                      }),
                 asyncio::RuntimeError);
    EXPECT_THROW(asyncio::run_sharded(1, [](Shard shard) -> Coro<> { co_await shard.run_on(1, wait_for_ever()); }),
                 std::out_of_range);
}

TEST(RunSharded, a_thread_that_cannot_be_started_ends_all) {
    asyncio::testing::FaultPlan plan;
    plan.fail(asyncio::detail::sys::Call::start_thread, EAGAIN);
    int started = 0;
    auto factory = [&](Shard) -> Coro<> {
        ++started;
        co_return;
    };
    EXPECT_THROW(asyncio::run_sharded(2, factory), std::system_error);
    EXPECT_EQ(started, 0);
}

TEST(RunSharded, shards_listen_on_one_port) {
    std::thread::id served_by;
    std::thread::id second;
    auto serve = [&](asyncio::StreamReader reader, asyncio::StreamWriter writer) -> Coro<> {
        served_by = std::this_thread::get_id();
        writer.write(co_await reader.readline());
        co_await writer.drain();
        writer.close();
    };
    auto listen = [&](std::uint16_t port) -> Coro<std::uint16_t> {
        asyncio::Server server = co_await asyncio::start_server(serve, "127.0.0.1", port, {.reuse_port = true});
        co_return server.port();
    };
    auto factory = [&](Shard shard) -> Coro<> {
        if (shard.index() == 1) {
            second = std::this_thread::get_id();
            co_await wait_for_ever();
        }
        asyncio::Server server = co_await asyncio::start_server(serve, "127.0.0.1", 0, {.reuse_port = true});
        const std::uint16_t port = co_await shard.run_on(1, listen(server.port()));
        EXPECT_EQ(port, server.port());
        server.close();  // what comes now is for the other one
        auto [reader, writer] = co_await asyncio::open_connection("127.0.0.1", port);
        writer.write("hello\n");
        const std::string answer = co_await reader.readline();
        EXPECT_EQ(answer, "hello\n");
        writer.close();
        throw std::runtime_error("enough");
    };
    EXPECT_THROW(asyncio::run_sharded(2, factory), std::runtime_error);
    EXPECT_EQ(served_by, second);
}
