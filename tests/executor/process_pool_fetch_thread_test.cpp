// Which thread reads the replies of process jobs: where the codec of a result runs.

#include "executor/process_jobs.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/executor/process_pool_executor.hpp>
#include <asyncio/loop/executor_hook.hpp>
#include <asyncio/testing/captured_log.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace process_jobs {

inline std::atomic<int> decodings = 0;

/// Knows the thread that decoded it.
struct Decoded {
    int number = 0;
    std::string padding;
    std::thread::id by;
};
inline Decoded decoded(int number, std::size_t length) {
    return {number, std::string(length, 'x'), {}};
}

}  // namespace process_jobs

template <>
struct asyncio::codec_for<process_jobs::Decoded> {
    static void encode(ByteSink& sink, const process_jobs::Decoded& value) {
        asyncio::encode(sink, value.number);
        asyncio::encode(sink, value.padding);
    }
    static process_jobs::Decoded decode(ByteSource& source) {
        const int number = asyncio::decode<int>(source);
        process_jobs::Decoded value{number, asyncio::decode<std::string>(source), std::this_thread::get_id()};
        ++process_jobs::decodings;
        return value;
    }
};

namespace {

using asyncio::Coro;
using asyncio::remote;
using asyncio::futures::ProcessPoolExecutor;
using asyncio::futures::StartMethod;

/// How many of so many replies the loop's thread has read.
Coro<int> read_by_the_loop(ProcessPoolExecutor& pool, int jobs, std::size_t length) {
    asyncio::EventLoop& loop = asyncio::get_running_loop();
    int own = 0;
    for (int n = 0; n < jobs; ++n) {
        const auto result = co_await loop.run_in_executor(pool, remote<&process_jobs::decoded>, n, length);
        EXPECT_EQ(result.number, n);
        EXPECT_EQ(result.padding.size(), length);
        own += result.by == std::this_thread::get_id() ? 1 : 0;
    }
    co_return own;
}

/// Looks out for the reply like a loop that has nothing else to do, but for as long as it takes.
Coro<bool> read_by_a_loop_that_looks(ProcessPoolExecutor& pool) {
    asyncio::EventLoop& loop = asyncio::get_running_loop();
    const int before = process_jobs::decodings;
    auto job = loop.run_in_executor(pool, remote<&process_jobs::decoded>, 1, std::size_t{10});
    asyncio::detail::ExecutorHook& executors = *loop.core().executors;
    while (process_jobs::decodings == before) static_cast<void>(executors.fetch_answers());
    executors.stop_fetching();
    const auto result = co_await std::move(job);
    co_return result.by == std::this_thread::get_id();
}

TEST(ReplyFetching, PPE_15_Threadsafe_a_loop_reads_short_replies_itself) {
    ProcessPoolExecutor pool({.max_workers = 1, .start = StartMethod::forkserver});
    // The pool's thread may be awake when the loop asks first, and then reads this one.
    for (int tries = 1; !asyncio::run(read_by_a_loop_that_looks(pool)); ++tries) ASSERT_LT(tries, 1000);
}

/// Has sent a job, and then does not look for the reply.
Coro<bool> read_by_the_thread(ProcessPoolExecutor& pool, bool says_that_it_does_not_look) {
    asyncio::EventLoop& loop = asyncio::get_running_loop();
    const int before = process_jobs::decodings;
    auto job = loop.run_in_executor(pool, remote<&process_jobs::decoded>, 1, std::size_t{10});
    if (says_that_it_does_not_look) loop.core().executors->stop_fetching();
    while (process_jobs::decodings == before) std::this_thread::yield();
    const auto result = co_await std::move(job);
    co_return result.by != std::this_thread::get_id();
}

TEST(ReplyFetching, PPE_15_Threadsafe_the_thread_reads_the_replies_to_a_loop_that_has_promised_to_look_and_does_not) {
    ProcessPoolExecutor pool({.max_workers = 1, .start = StartMethod::forkserver});
    for (int i = 0; i < 20; ++i) {
        EXPECT_TRUE(asyncio::run(read_by_the_thread(pool, true)));
        EXPECT_TRUE(asyncio::run(read_by_the_thread(pool, false)));
    }
}

/// Of two jobs the younger one is done first.
Coro<> await_the_younger(ProcessPoolExecutor& pool, const process_tests::Folder& folder) {
    asyncio::EventLoop& loop = asyncio::get_running_loop();
    const auto older = loop.run_in_executor(pool, remote<&process_jobs::wait_for_go>, folder.file("job"));
    co_await loop.run_in_executor(pool, remote<&process_jobs::square>, 2);
    // Less than for a process is for what threads of this one are to bring.
    EXPECT_EQ(loop.core().executors->time_to_look_out(), std::chrono::microseconds(50));
    process_jobs::touch(folder.file("job.go"));
    co_await older;
}

TEST(ReplyFetching, PPE_15_a_loop_looks_out_for_an_older_job_when_the_youngest_is_done) {
    ProcessPoolExecutor pool({.max_workers = 2, .start = StartMethod::forkserver});
    const process_tests::Folder folder;
    asyncio::run(await_the_younger(pool, folder));
}

/// Two tasks, each of which waits for the other.
Coro<> lock_both(asyncio::Lock& first, asyncio::Lock& second) {
    auto guard = co_await first.guard();
    co_await asyncio::sleep(std::chrono::milliseconds(1));
    auto other = co_await second.guard();
}

/// A job goes out when the loop is about to sleep: from whoever is told that two tasks wait for each other.
Coro<> deadlock_and_jobs(ProcessPoolExecutor& pool, const process_tests::Folder& folder) {
    asyncio::EventLoop& loop = asyncio::get_running_loop();
    loop.set_debug(true);
    loop.slow_callback_duration = std::chrono::hours(1);  // only the deadlock is to be told, however slow the machine
    co_await loop.run_in_executor(pool, remote<&process_jobs::square>, 1);
    asyncio::Lock a;
    asyncio::Lock b;
    auto one = asyncio::create_task(lock_both(a, b));
    auto two = asyncio::create_task(lock_both(b, a));
    bool told = false;
    const asyncio::LogSink before = asyncio::set_log_sink([&](asyncio::LogLevel, std::string_view) {
        if (std::exchange(told, true)) return;
        // Its reply wakes the pool's thread, which then sleeps while the worker goes on.
        static_cast<void>(pool.submit(remote<&process_jobs::square>, 2));
        loop.run_in_executor(pool, remote<&process_jobs::square>, 3).add_done_callback([&](const auto&) {
            process_jobs::touch(folder.file("job.go"));
        });
        loop.run_in_executor(pool, remote<&process_jobs::wait_for_go>, folder.file("job"))
            .add_done_callback([&](const auto&) { one.cancel(); });
    });
    const std::vector tasks{one, two};
    co_await asyncio::wait(tasks);
    asyncio::set_log_sink(before);
    EXPECT_TRUE(told);
    EXPECT_TRUE(one.cancelled());
}

TEST(ReplyFetching, PPE_15_Threadsafe_a_loop_that_sleeps_has_promised_nothing) {
    ProcessPoolExecutor pool({.max_workers = 1, .start = StartMethod::forkserver});
    const process_tests::Folder folder;
    const asyncio::testing::CapturedLog log;  // puts the sink back
    asyncio::run(deadlock_and_jobs(pool, folder));
}

TEST(ReplyFetching, PPE_15_Threadsafe_long_replies_are_left_to_the_thread_of_the_pool) {
    ProcessPoolExecutor pool({.max_workers = 1, .start = StartMethod::forkserver});
    EXPECT_EQ(asyncio::run(read_by_the_loop(pool, 50, 20'000)), 0);
}

TEST(ReplyFetching, PPE_15_Threadsafe_a_strict_pool_reads_all_itself) {
    ProcessPoolExecutor pool({.max_workers = 1, .start = StartMethod::forkserver, .strict = true});
    EXPECT_EQ(asyncio::run(read_by_the_loop(pool, 50, 10)), 0);
}

}  // namespace
