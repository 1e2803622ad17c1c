#include <asyncio/task/async_with.hpp>

#include "support/loops.hpp"
#include "support/trace.hpp"

#include <asyncio/task/run_until_complete.hpp>
#include <asyncio/task/sleep.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>

namespace {

using namespace std::chrono_literals;
using asyncio::async_with;
using asyncio::CancelledError;
using asyncio::Coro;

/// Traces, awaits on both ways, and may deal with exceptions or throw its own.
class Connection {
public:
    explicit Connection(support::Trace& trace, bool handles = false, std::string throws = {})
        : trace_(&trace),
          handles_(handles),
          throws_(std::move(throws)) {}

    Coro<> aenter() {
        co_await asyncio::sleep(0s);
        (*trace_)("enter");
    }
    Coro<bool> aexit(std::exception_ptr error) {
        co_await asyncio::sleep(0s);
        (*trace_)(error ? "exit(error)" : "exit");
        if (!throws_.empty()) throw std::runtime_error(throws_);
        co_return handles_;
    }
    int number = 7;

private:
    support::Trace* trace_;
    bool handles_;
    std::string throws_;
};

/// Nothing to be awaited.
class Plain {
public:
    explicit Plain(support::Trace& trace) : trace_(&trace) {}
    void aenter() { (*trace_)("enter"); }
    void aexit(const std::exception_ptr&) { (*trace_)("exit"); }

private:
    support::Trace* trace_;
};

class NoEntry {
public:
    explicit NoEntry(support::Trace& trace) : trace_(&trace) {}
    void aenter() { throw std::runtime_error("locked"); }
    bool aexit(std::exception_ptr) {
        (*trace_)("exit");
        return true;
    }

private:
    support::Trace* trace_;
};

static_assert(asyncio::AsyncContextManager<Connection>);
static_assert(asyncio::AsyncContextManager<Plain>);
static_assert(!asyncio::AsyncContextManager<int>);

class AsyncWith : public support::OnEachDriver {
public:
    support::Trace trace;
};
ASYNCIO_ON_EACH_DRIVER_AND_EAGER(AsyncWith);

TEST_P(AsyncWith, exception_of_the_body_is_shown_to_the_manager_and_comes_out) {
    EXPECT_THROW(run([&]() -> Coro<> {
                     co_await async_with(Connection(trace), [](Connection&) -> Coro<> {
                         throw std::out_of_range("x");
                         co_return;
                     });
                 }),
                 std::out_of_range);
    EXPECT_EQ(trace.str(), "enter exit(error)");
}

TEST_P(AsyncWith, a_callable_that_throws_before_there_is_a_coroutine_counts_as_the_body) {
    const auto body = [](Connection&) -> Coro<> { throw std::out_of_range("no coroutine"); };
    EXPECT_THROW(run([&]() -> Coro<> { co_await async_with(Connection(trace), body); }), std::out_of_range);
    EXPECT_EQ(trace.str(), "enter exit(error)");
}

TEST_P(AsyncWith, the_manager_deals_with_the_exception) {
    run([&]() -> Coro<> {
        co_await async_with(Connection(trace, true), [](Connection&) -> Coro<> {
            throw std::out_of_range("x");
            co_return;
        });
        trace("on");
    });
    EXPECT_EQ(trace.str(), "enter exit(error) on");
    EXPECT_THROW(run([&]() -> Coro<> {
                     co_await async_with(Connection(trace, true), [](Connection&) -> Coro<int> {
                         throw std::out_of_range("x");
                         co_return 1;
                     });
                 }),
                 asyncio::RuntimeError);
}

TEST_P(AsyncWith, what_the_manager_throws_takes_the_place) {
    try {
        run([&]() -> Coro<> {
            co_await async_with(Connection(trace, false, "goodbye failed"), [](Connection&) -> Coro<> {
                throw std::out_of_range("x");
                co_return;
            });
        });
        FAIL();
    } catch (const std::runtime_error& error) {
        EXPECT_STREQ(error.what(), "goodbye failed");
    }
}

TEST_P(AsyncWith, no_entry_no_exit) {
    EXPECT_THROW(run([&]() -> Coro<> { co_await async_with(NoEntry(trace), [](NoEntry&) -> Coro<> { co_return; }); }),
                 std::runtime_error);
    EXPECT_EQ(trace.str(), "");
}

TEST_P(AsyncWith, cancelled_at_each_await) {
    const char* const expected[] = {"", "enter body exit(error)", "enter body bodyend"};
    for (const int place : {0, 1, 2}) {  // in aenter, in the body, in aexit
        trace.clear();
        auto task = loop.create_task([&]() -> Coro<> {
            co_await async_with(Connection(trace), [&](Connection&) -> Coro<> {
                trace("body");
                co_await asyncio::sleep(0s);
                trace("bodyend");
            });
        });
        for (int i = 0; i <= place; ++i) run_once();
        task.cancel();
        EXPECT_THROW(run(task), CancelledError);
        EXPECT_EQ(trace.str(), expected[place]);
    }
}

TEST_P(AsyncWith, gives_the_result_of_the_body) {
    run([&]() -> Coro<> {
        const int number =
            co_await async_with(Connection(trace), [](Connection& c) -> Coro<int> { co_return c.number; });
        EXPECT_EQ(number, 7);
        auto pointer = co_await async_with(
            Plain(trace), [](Plain&) -> Coro<std::unique_ptr<int>> { co_return std::make_unique<int>(8); });
        EXPECT_EQ(*pointer, 8);
        int target = 0;
        int& reference = co_await async_with(Plain(trace), [&](Plain&) -> Coro<int&> { co_return target; });
        EXPECT_EQ(&reference, &target);
    });
    EXPECT_EQ(trace.str(), "enter exit enter exit enter exit");
}

TEST_P(AsyncWith, a_named_manager_and_a_named_body_are_used_where_they_are) {
    run([&]() -> Coro<> {
        Connection connection(trace);
        const auto pointer = std::make_unique<int>(1);
        const auto body = [&connection, copy = std::make_shared<int>(2)](Connection& given) -> Coro<int> {
            EXPECT_EQ(&given, &connection);
            co_await asyncio::sleep(0s);
            co_return *copy;
        };
        EXPECT_EQ(co_await async_with(connection, body), 2);
        EXPECT_EQ(co_await async_with(connection, body), 2);
    });
}

TEST_P(AsyncWith, as_a_task_it_owns_what_was_temporary) {
    auto task = loop.create_task(async_with(Connection(trace), [](Connection& c) -> Coro<int> {
        co_await asyncio::sleep(1ms);
        co_return c.number;
    }));
    EXPECT_EQ(run(task), 7);
}

TEST_P(AsyncWith, a_loop_closed_in_the_middle_destroys_the_frames) {
    const auto life = std::make_shared<int>(0);
    auto task = loop.create_task([&, life]() -> Coro<> {
        const auto body = [life](Connection&) -> Coro<> { co_await asyncio::sleep(1h); };
        co_await async_with(Connection(trace), body);
    });
    while (trace.entries().empty()) run_once();
    EXPECT_GT(life.use_count(), 2);
    loop.close();
    EXPECT_EQ(life.use_count(), 1);
    EXPECT_EQ(trace.str(), "enter");
}

}  // namespace
