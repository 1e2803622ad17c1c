// What a loop sends ahead to workers that are busy: it can be withdrawn, taken back and sent elsewhere.

#include "executor/process_jobs.hpp"
#include "support/gate.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/executor/process_pool_executor.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

namespace process_jobs {

/// Leaves a trace, and says its number.
inline int leave_trace(const std::string& path, int number) {
    std::ofstream(path, std::ios::app) << number << '\n';
    return number;
}

}  // namespace process_jobs

namespace {

using asyncio::Coro;
using asyncio::remote;
using asyncio::futures::ProcessPoolExecutor;
using asyncio::futures::StartMethod;
using process_tests::Folder;
using support::eventually;

using Jobs = std::vector<asyncio::Future<int>>;

constexpr int jobs_ahead = 40;  // more than one worker has room for

/// The numbers that jobs have left, in their order.
std::vector<int> traces(const Folder& folder) {
    std::ifstream file(folder.file("trace"));
    std::vector<int> numbers;
    for (int number = 0; file >> number;) numbers.push_back(number);
    return numbers;
}

std::vector<int> numbers_from(int first, int count, int step = 1) {
    std::vector<int> numbers;
    for (int i = 0; i < count; ++i) numbers.push_back(first + i * step);
    return numbers;
}

/// A job that holds its worker up, and many behind it.
class Held {
public:
    explicit Held(int workers) : pool({.max_workers = workers, .start = StartMethod::forkserver}) {}

    Coro<> send() {
        asyncio::EventLoop& loop = asyncio::get_running_loop();
        held = loop.run_in_executor(pool, remote<&process_jobs::wait_for_go>, folder.file("job"));
        while (!process_jobs::exists(folder.file("job"))) co_await asyncio::sleep(std::chrono::milliseconds(1));
        for (int n = 0; n < jobs_ahead; ++n)
            jobs.push_back(loop.run_in_executor(pool, remote<&process_jobs::leave_trace>, folder.file("trace"), n));
    }
    void go() const { process_jobs::touch(folder.file("job.go")); }

    Folder folder;
    ProcessPoolExecutor pool;
    std::optional<asyncio::Future<int>> held;
    Jobs jobs;
};

Coro<> cancel_every_second(Held& held) {
    co_await held.send();
    for (std::size_t n = 1; n < held.jobs.size(); n += 2) EXPECT_TRUE(held.jobs[n].cancel());
    held.go();
    for (std::size_t n = 0; n < held.jobs.size(); n += 2) EXPECT_EQ(co_await held.jobs[n], static_cast<int>(n));
}

TEST(SentAhead, PPE_11_what_no_worker_has_begun_can_be_cancelled_by_a_loop) {
    Held held(1);
    asyncio::run(cancel_every_second(held));
    EXPECT_EQ(traces(held.folder), numbers_from(0, jobs_ahead / 2, 2));
}

Coro<> cancel_all_but_the_last(Held& held) {
    co_await held.send();
    for (const auto& job : held.jobs) EXPECT_TRUE(job.cancel());
    asyncio::EventLoop& loop = asyncio::get_running_loop();
    auto last = loop.run_in_executor(held.pool, remote<&process_jobs::leave_trace>, held.folder.file("trace"), 100);
    held.go();
    EXPECT_EQ(co_await last, 100);
}

TEST(SentAhead, PPE_11_nor_does_what_was_cancelled_in_the_queue_run_later) {
    Held held(1);
    asyncio::run(cancel_all_but_the_last(held));
    EXPECT_EQ(traces(held.folder), numbers_from(100, 1));
}

/// Before the worker that they were sent to has come up: all in one step.
Coro<> cancel_what_was_sent(ProcessPoolExecutor& pool, std::size_t count) {
    asyncio::EventLoop& loop = asyncio::get_running_loop();
    Jobs jobs;
    for (int n = 0; n < jobs_ahead; ++n) jobs.push_back(loop.run_in_executor(pool, remote<&process_jobs::square>, n));
    for (std::size_t n = 0; n < count; ++n) jobs[n].cancel();
    for (std::size_t n = count; n < jobs.size(); ++n) EXPECT_EQ(co_await jobs[n], static_cast<int>(n * n));
    co_await pool.aclose();
}

TEST(SentAhead, PPE_11_the_queue_gets_the_room_of_what_was_cancelled) {
    ProcessPoolExecutor pool({.max_workers = 1, .start = StartMethod::forkserver});
    asyncio::run(cancel_what_was_sent(pool, 32));
}

TEST(SentAhead, PPE_13_a_pool_ends_whose_jobs_were_all_cancelled) {
    ProcessPoolExecutor pool({.max_workers = 1, .start = StartMethod::forkserver});
    asyncio::run(cancel_what_was_sent(pool, jobs_ahead));
}

Coro<> kill_the_worker(Held& held) {
    co_await held.send();
    int process = 0;  // its file is there before the number in it
    while (!(std::ifstream(held.folder.file("job")) >> process)) co_await asyncio::sleep(std::chrono::milliseconds(1));
    process_tests::kill_process(process);
    std::string died;
    try {
        co_await *held.held;
    } catch (const asyncio::futures::WorkerDied& error) {
        died = error.what();
    }
    EXPECT_NE(died.find("SIGKILL"), std::string::npos);
    for (int n = 0; n < jobs_ahead; ++n) EXPECT_EQ(co_await held.jobs[static_cast<std::size_t>(n)], n);
}

TEST(SentAhead, PPE_8_a_killed_worker_fails_one_job_and_the_others_run_once) {
    Held held(1);
    asyncio::run(kill_the_worker(held));
    EXPECT_EQ(traces(held.folder), numbers_from(0, jobs_ahead));
}

Coro<> await_all_but_the_held(Held& held) {
    co_await held.send();
    for (int n = 0; n < jobs_ahead; ++n) EXPECT_EQ(co_await held.jobs[static_cast<std::size_t>(n)], n);
    held.go();
    EXPECT_GT(co_await *held.held, 0);
}

TEST(SentAhead, PPE_15_an_idle_worker_gets_what_lies_before_a_busy_one) {
    Held held(2);
    asyncio::run(await_all_but_the_held(held));
    EXPECT_EQ(traces(held.folder).size(), std::size_t{jobs_ahead});
}

Coro<> shut_down_and_cancel(Held& held) {
    co_await held.send();
    held.pool.shutdown({.wait = false, .cancel_futures = true});
    held.go();
    EXPECT_GT(co_await *held.held, 0);
    for (const auto& job : held.jobs) {
        bool cancelled = false;
        try {
            co_await job;
        } catch (const asyncio::CancelledError&) {
            cancelled = true;
        }
        EXPECT_TRUE(cancelled);
    }
    co_await held.pool.aclose();
}

TEST(SentAhead, PPE_13_cancel_futures_cancels_what_no_worker_has_begun) {
    Held held(1);
    asyncio::run(shut_down_and_cancel(held));
    EXPECT_TRUE(traces(held.folder).empty());
}

/// The jobs go on while the loop does something that takes long, though it was just fetching replies.
Coro<> block_the_loop(ProcessPoolExecutor& pool, const Folder& folder) {
    asyncio::EventLoop& loop = asyncio::get_running_loop();
    for (int n = 0; n < 10; ++n)
        co_await loop.run_in_executor(pool, remote<&process_jobs::leave_trace>, folder.file("before"), n);
    Jobs jobs;
    for (int n = 0; n < 3 * jobs_ahead; ++n)
        jobs.push_back(loop.run_in_executor(pool, remote<&process_jobs::leave_trace>, folder.file("trace"), n));
    EXPECT_TRUE(eventually([&] { return traces(folder).size() == jobs.size(); }));
    for (const auto& job : jobs) co_await job;
}

TEST(SentAhead, PPE_15_jobs_go_on_while_the_loop_is_held_up) {
    const Folder folder;
    ProcessPoolExecutor pool({.max_workers = 1, .start = StartMethod::forkserver});
    asyncio::run(block_the_loop(pool, folder));
}

/// Two pools at once: what lies ahead in one of them can be cancelled as long as the loop's last job went there, and is
/// done in any case.
Coro<> two_pools(ProcessPoolExecutor& first, ProcessPoolExecutor& second) {
    asyncio::EventLoop& loop = asyncio::get_running_loop();
    Jobs jobs;
    for (int n = 0; n < 10; ++n) {
        for (int i = 0; i < 10; ++i) jobs.push_back(loop.run_in_executor(first, remote<&process_jobs::square>, i));
        for (int i = 0; i < 10; ++i) jobs.push_back(loop.run_in_executor(second, remote<&process_jobs::square>, i));
        jobs[static_cast<std::size_t>(20 * n)].cancel();
        jobs.back().cancel();
    }
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        if (jobs[i].cancelled()) continue;
        const int n = static_cast<int>(i % 10);
        EXPECT_EQ(co_await jobs[i], n * n);
    }
}

TEST(SentAhead, PPE_15_a_loop_may_use_two_pools_by_turns) {
    ProcessPoolExecutor first({.max_workers = 1, .start = StartMethod::forkserver});
    ProcessPoolExecutor second({.max_workers = 2, .start = StartMethod::forkserver});
    asyncio::run(two_pools(first, second));
}

}  // namespace
