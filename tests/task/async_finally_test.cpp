#include <asyncio/task/async_finally.hpp>

#include "support/loops.hpp"
#include "support/trace.hpp"

#include <asyncio/task/run_until_complete.hpp>
#include <asyncio/task/sleep.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>

namespace {

using namespace std::chrono_literals;
using asyncio::async_finally;
using asyncio::CancelledError;
using asyncio::Coro;

class AsyncFinally : public support::OnEachDriver {
public:
    Coro<> clean() {
        co_await asyncio::sleep(1ms);
        trace("clean");
    }
    support::Trace trace;
};
ASYNCIO_ON_EACH_DRIVER_AND_EAGER(AsyncFinally);

TEST_P(AsyncFinally, CORO_12_an_exception_runs_the_cleanup_and_comes_out) {
    EXPECT_THROW(run([&]() -> Coro<> {
                     co_await async_finally(
                         []() -> Coro<> {
                             throw std::out_of_range("x");
                             co_return;
                         },
                         [&] { return clean(); });
                 }),
                 std::out_of_range);
    EXPECT_EQ(trace.str(), "clean");
}

TEST_P(AsyncFinally, CORO_12_an_exception_of_the_cleanup_takes_the_place) {
    EXPECT_THROW(run([&]() -> Coro<> {
                     co_await async_finally(
                         []() -> Coro<> {
                             throw std::out_of_range("x");
                             co_return;
                         },
                         []() -> Coro<> {
                             throw std::invalid_argument("y");
                             co_return;
                         });
                 }),
                 std::invalid_argument);
}

TEST_P(AsyncFinally, CORO_12_a_cancellation_runs_the_cleanup_which_may_await) {
    auto task = loop.create_task([&]() -> Coro<> {
        co_await async_finally([]() -> Coro<> { co_await asyncio::sleep(1h); }, [&] { return clean(); });
    });
    run_once();
    task.cancel("m");
    try {
        run(task);
        FAIL();
    } catch (const CancelledError& error) {
        EXPECT_EQ(error.message(), "m");
    }
    EXPECT_EQ(trace.str(), "clean");
}

TEST_P(AsyncFinally, CORO_12_a_further_cancel_reaches_the_cleanup) {
    auto task = loop.create_task([&]() -> Coro<> {
        co_await async_finally([]() -> Coro<> { co_await asyncio::sleep(1h); },
                               [&]() -> Coro<> {
                                   trace("cleaning");
                                   co_await asyncio::sleep(1h);
                                   trace("not reached");
                               });
    });
    run_once();
    task.cancel("first");
    run_once();
    EXPECT_EQ(trace.str(), "cleaning");
    task.cancel("second");
    EXPECT_THROW(run(task), CancelledError);
    EXPECT_EQ(trace.str(), "cleaning");
}

TEST_P(AsyncFinally, CORO_12_gives_the_result_of_the_body) {
    auto pointer = run([&]() -> Coro<std::unique_ptr<int>> {
        co_return co_await async_finally([]() -> Coro<std::unique_ptr<int>> { co_return std::make_unique<int>(5); },
                                         [&] { return clean(); });
    });
    EXPECT_EQ(*pointer, 5);
    EXPECT_EQ(trace.str(), "clean");
}

}  // namespace
