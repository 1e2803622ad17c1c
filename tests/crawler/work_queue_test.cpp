#include "crawler/work_queue.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/testing/testing.hpp>

#include <gtest/gtest.h>

#include <optional>

using namespace std::chrono_literals;
using asyncio::Coro;
using crawler::Job;
using crawler::WorkQueue;

namespace {

/// A queue that is not over, since one job is under way.
Coro<Job> begin_work(WorkQueue& queue) {
    queue.push({.url = 0, .host = "a"});
    auto job = co_await queue.next();
    co_return std::move(*job);
}

TEST(WorkQueue, worker_that_is_cancelled_when_chosen_passes_its_turn_on) {
    asyncio::testing::run_virtual([]() -> Coro<> {
        WorkQueue queue(10);
        const Job first = co_await begin_work(queue);
        auto chosen = asyncio::create_task(queue.next());
        auto other = asyncio::create_task(queue.next());
        co_await asyncio::sleep(0s);
        queue.push({.url = 1, .host = "a"});
        chosen.cancel();
        const std::optional<Job> job = co_await asyncio::wait_for(other, 1s);
        EXPECT_TRUE(job.has_value() && job->url == 1);
        EXPECT_TRUE(chosen.cancelled());
    });
}

TEST(WorkQueue, worker_that_is_cancelled_while_it_waits_is_not_chosen) {
    asyncio::testing::run_virtual([]() -> Coro<> {
        WorkQueue queue(10);
        const Job first = co_await begin_work(queue);
        auto leaving = asyncio::create_task(queue.next());
        auto other = asyncio::create_task(queue.next());
        co_await asyncio::sleep(0s);
        leaving.cancel();
        co_await asyncio::sleep(0s);
        queue.push({.url = 1, .host = "a"});
        const std::optional<Job> job = co_await asyncio::wait_for(other, 1s);
        EXPECT_TRUE(job.has_value() && job->url == 1);
        EXPECT_TRUE(leaving.cancelled());
    });
}

TEST(WorkQueue, is_over_for_all_when_the_last_job_is_done_with) {
    asyncio::testing::run_virtual([]() -> Coro<> {
        WorkQueue queue(10);
        const Job last = co_await begin_work(queue);
        auto one = asyncio::create_task(queue.next());
        auto two = asyncio::create_task(queue.next());
        co_await asyncio::sleep(0s);
        queue.finished(last);
        const std::optional<Job> first = co_await asyncio::wait_for(one, 1s);
        const std::optional<Job> second = co_await asyncio::wait_for(two, 1s);
        EXPECT_FALSE(first.has_value());
        EXPECT_FALSE(second.has_value());
    });
}

}  // namespace
