// Loops that read the replies of their jobs in other processes themselves while they look out for them.

#include "executor/process_jobs.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/executor/process_pool_executor.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace {

using asyncio::Coro;
using asyncio::remote;
using asyncio::futures::Future;
using asyncio::futures::ProcessPoolExecutor;
using asyncio::futures::StartMethod;

constexpr int rounds = sanitized ? 100 : 500;

Coro<> square_one_by_one(ProcessPoolExecutor& pool) {
    asyncio::EventLoop& loop = asyncio::get_running_loop();
    for (int n = 0; n < rounds; ++n)
        EXPECT_EQ(co_await loop.run_in_executor(pool, remote<&process_jobs::square>, n), n * n);
}

TEST(ReplyFetching, PPE_15_Threadsafe_two_loops_and_a_thread_share_a_pool) {
    ProcessPoolExecutor pool({.max_workers = 2, .start = StartMethod::forkserver});
    std::array<std::thread, 2> loops;
    for (std::thread& thread : loops) thread = std::thread([&] { asyncio::run(square_one_by_one(pool)); });
    std::mutex mutex;
    std::set<std::thread::id> called_in;
    for (int n = 0; n < rounds; ++n) {
        const Future<int> future = pool.submit(remote<&process_jobs::square>, n);
        future.add_done_callback([&](const auto&) {
            const std::lock_guard lock(mutex);
            called_in.insert(std::this_thread::get_id());
        });
        EXPECT_EQ(future.result(), n * n);
    }
    const std::array<std::thread::id, 2> of_loops{loops[0].get_id(), loops[1].get_id()};
    for (std::thread& thread : loops) thread.join();
    pool.shutdown();
    // A callback may block, so no loop calls those of others.
    for (const std::thread::id loop : of_loops) EXPECT_EQ(called_in.count(loop), 0U);
}

Coro<std::string> last_job(ProcessPoolExecutor& pool, const std::string& text) {
    asyncio::EventLoop& loop = asyncio::get_running_loop();
    co_await loop.run_in_executor(pool, remote<&process_jobs::square>, 1);
    const auto last = loop.run_in_executor(pool, remote<&process_jobs::echo>, text);
    pool.shutdown({.wait = false});
    std::string answer = co_await last;
    co_await pool.aclose();  // ends only when the pool's thread hears that nothing is left
    co_return answer;
}

TEST(ReplyFetching, PPE_13_a_pool_ends_when_a_loop_has_read_the_last_reply) {
    for (int i = 0; i < 10; ++i) {
        ProcessPoolExecutor pool({.max_workers = 1, .start = StartMethod::forkserver});
        EXPECT_EQ(asyncio::run(last_job(pool, "text")), "text");
    }
}

TEST(ReplyFetching, PPE_15_replies_of_every_length) {
    ProcessPoolExecutor pool({.max_workers = 1, .start = StartMethod::forkserver});
    for (const std::size_t length : {0U, 1U, 16'000U, 17'000U, 1'000'000U, 2'000'000U}) {
        const std::string text(length, 'x');
        const auto echo = [&]() -> Coro<std::string> {
            co_return co_await asyncio::get_running_loop().run_in_executor(pool, remote<&process_jobs::echo>, text);
        };
        EXPECT_EQ(asyncio::run(echo()), text);
    }
}

}  // namespace
