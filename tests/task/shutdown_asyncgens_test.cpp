// Closing the async generators of a loop: LOOP-13, AG-9 and the tear-down of run.

#include "support/loops.hpp"
#include "support/reports.hpp"
#include "support/trace.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/testing/captured_log.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

namespace {

using asyncio::AsyncGenerator;
using asyncio::CancelledError;
using asyncio::Coro;
using asyncio::GeneratorExit;
using asyncio::testing::CapturedLog;
using namespace std::chrono_literals;

class ShutdownAsyncgens : public support::OnEachDriver {
protected:
    support::Trace trace;
};
ASYNCIO_ON_EACH_DRIVER(ShutdownAsyncgens);

AsyncGenerator<int> count_to(int n) {
    for (int i = 1; i <= n; ++i) co_yield i;
}

/// Cleans up with an await when it is closed.
AsyncGenerator<int> cleaning(support::Trace& trace) {
    std::exception_ptr error;
    try {
        co_yield 1;
    } catch (...) {
        error = std::current_exception();
    }
    co_await asyncio::sleep(1ms);
    trace("cleaned");
    if (error) std::rethrow_exception(error);
}

TEST_P(ShutdownAsyncgens, LOOP_13_closes_all_at_once) {
    auto first = cleaning(trace);
    auto second = cleaning(trace);
    auto unstarted = cleaning(trace);
    run([&]() -> Coro<> {
        co_await first.next();
        co_await second.next();
        const auto before = loop.time();
        co_await loop.shutdown_asyncgens();
        if (simulated()) {
            EXPECT_EQ(loop.time() - before, 1ms);
        }
        trace("shut");
        EXPECT_EQ(co_await first.next(), std::nullopt);
        co_await loop.shutdown_asyncgens();
    });
    EXPECT_EQ(trace.str(), "cleaned cleaned shut");
}

TEST_P(ShutdownAsyncgens, LOOP_13_an_error_is_reported_and_does_not_stop_the_others) {
    support::Reports reports(loop);
    const auto make = []() -> AsyncGenerator<int> {
        try {
            co_yield 1;
        } catch (const GeneratorExit&) {
            throw std::out_of_range("cleanup");
        }
    };
    auto bad = make();
    auto good = cleaning(trace);
    run([&]() -> Coro<> {
        co_await bad.next();
        co_await good.next();
        co_await loop.shutdown_asyncgens();
    });
    EXPECT_EQ(trace.str(), "cleaned");
    ASSERT_EQ(reports.contexts().size(), 1U);
    EXPECT_EQ(reports.contexts()[0].message, "an error occurred during closing of asynchronous generator");
    EXPECT_THROW(std::rethrow_exception(reports.contexts()[0].exception), std::out_of_range);
    EXPECT_NE(reports.contexts()[0].asyncgen.find("async generator '"), std::string::npos);
}

TEST_P(ShutdownAsyncgens, LOOP_13_a_generator_that_goes_while_another_one_is_being_closed) {
    std::optional<AsyncGenerator<int>> second(cleaning(trace));
    const auto make = [&]() -> AsyncGenerator<int> {
        try {
            co_yield 1;
        } catch (const GeneratorExit&) {
            second.reset();
            throw;
        }
    };
    auto first = make();
    run([&]() -> Coro<> {
        co_await first.next();
        co_await second->next();
        co_await loop.shutdown_asyncgens();
    });
    EXPECT_EQ(trace.str(), "");
}

TEST_P(ShutdownAsyncgens, LOOP_13_cancelled_while_it_waits) {
    auto generator = cleaning(trace);
    auto task = loop.create_task([&]() -> Coro<> {
        co_await generator.next();
        co_await loop.shutdown_asyncgens();
    });
    run_once();
    run_once();
    task.cancel();
    EXPECT_THROW(run(task), CancelledError);
    EXPECT_EQ(trace.str(), "");
}

TEST_P(ShutdownAsyncgens, LOOP_13_destroyed_with_its_loop_while_it_waits) {
    auto generator = cleaning(trace);
    auto task = loop.create_task([&]() -> Coro<> {
        co_await generator.next();
        co_await loop.shutdown_asyncgens();
    });
    run_once();
    run_once();
    const CapturedLog log;
    loop.close();
    EXPECT_EQ(trace.str(), "");
}

TEST_P(ShutdownAsyncgens, LOOP_13_a_generator_first_iterated_afterwards_is_logged) {
    CapturedLog log;
    auto generator = count_to(2);
    run([&]() -> Coro<> {
        co_await loop.shutdown_asyncgens();
        co_await generator.next();
        co_await generator.next();
    });
    ASSERT_EQ(log.lines().size(), 1U);
    EXPECT_NE(log.lines()[0].text.find("was scheduled after loop.shutdown_asyncgens() call"), std::string::npos);
}

TEST_P(ShutdownAsyncgens, AG_9_still_open_at_the_end_of_run) {
    std::optional<AsyncGenerator<int>> generator;
    const auto amain = [&]() -> Coro<> {
        generator.emplace(cleaning(trace));
        co_await generator->next();
        static_cast<void>(asyncio::create_task([&]() -> Coro<> {
            try {
                co_await asyncio::sleep(1h);
            } catch (const CancelledError&) {
                trace("task");
                throw;
            }
        }));
        trace("main");
    };
    const auto factory = [&] { return support::make_loop(GetParam()); };
    asyncio::run(amain(), {.loop_factory = factory});
    EXPECT_EQ(trace.str(), "main task cleaned");
    generator.reset();
}

TEST_P(ShutdownAsyncgens, RUN_3_tasks_started_by_closing_generators_are_cancelled) {
    const auto spawning = [&]() -> AsyncGenerator<int> {
        try {
            co_yield 1;
        } catch (const GeneratorExit&) {
            static_cast<void>(asyncio::create_task(asyncio::detail::await_in_task(asyncio::sleep(1h))));
            throw;
        }
    };
    std::optional<AsyncGenerator<int>> generator(spawning());
    CapturedLog log;
    const auto factory = [&] { return support::make_loop(GetParam()); };
    asyncio::run([&]() -> Coro<> { co_await generator->next(); }, {.loop_factory = factory});
    EXPECT_TRUE(log.lines().empty());
}

}  // namespace
