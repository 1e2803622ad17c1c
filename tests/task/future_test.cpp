// Futures: section 8 of the specification.

#include "support/lives.hpp"
#include "support/loops.hpp"
#include "support/reports.hpp"
#include "support/ticks.hpp"
#include "support/trace.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/task/run_until_complete.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <unordered_set>
#include <utility>

namespace {

using asyncio::CancelledError;
using asyncio::Coro;
using asyncio::Future;
using asyncio::InvalidStateError;
using namespace std::chrono_literals;

class FutureTest : public support::OnEachDriver {
protected:
    support::Trace trace;
};
ASYNCIO_ON_EACH_DRIVER_AND_EAGER(FutureTest);

TEST_P(FutureTest, FUT_1_copies_refer_to_the_same_future) {
    Future<int> future(loop);
    const Future<int> copy = future;
    future.set_result(3);
    EXPECT_TRUE(copy.done());
    EXPECT_EQ(copy.result(), 3);
    EXPECT_EQ(copy, future);
    EXPECT_NE(copy, loop.create_future<int>());
    const std::unordered_set<asyncio::AnyFuture> set{copy, future};
    EXPECT_EQ(set.size(), 1U);
}

TEST_P(FutureTest, FUT_2_a_CancelledError_as_exception_is_not_a_cancellation) {
    auto future = loop.create_future<int>();
    future.set_exception(CancelledError("as exception"));
    EXPECT_TRUE(future.done());
    EXPECT_FALSE(future.cancelled());
    ASSERT_TRUE(future.exception());
    EXPECT_THROW(std::rethrow_exception(future.exception()), CancelledError);
    EXPECT_THROW(future.result(), CancelledError);
}

TEST_P(FutureTest, FUT_2_a_task_that_awaits_it_is_cancelled) {
    auto future = loop.create_future<int>();
    future.set_exception(CancelledError("as exception"));
    auto task = loop.create_task([&]() -> Coro<int> { co_return co_await future; });
    EXPECT_THROW(run(task), CancelledError);
    EXPECT_TRUE(task.cancelled());
}

TEST_P(FutureTest, FUT_3_result_of_each_state) {
    auto pending = loop.create_future<int>();
    EXPECT_THROW(pending.result(), InvalidStateError);

    auto cancelled = loop.create_future<int>();
    cancelled.cancel("reason");
    for (int i = 0; i < 2; ++i) {
        try {
            cancelled.result();
            FAIL();
        } catch (const CancelledError& error) {
            EXPECT_EQ(error.message(), "reason");
        }
    }

    auto failed = loop.create_future<int>();
    failed.set_exception(std::runtime_error("same"));
    const std::exception* first = nullptr;
    for (int i = 0; i < 2; ++i) {
        try {
            failed.result();
            FAIL();
        } catch (const std::runtime_error& error) {
            if (first == nullptr) first = &error;
            EXPECT_EQ(&error, first) << "the same object each time";
        }
    }
}

TEST_P(FutureTest, FUT_3_references_move_only_values_and_void) {
    int target = 1;
    auto reference = loop.create_future<int&>();
    reference.set_result(target);
    EXPECT_EQ(&reference.result(), &target);

    auto unique = loop.create_future<std::unique_ptr<int>>();
    unique.set_result(std::make_unique<int>(5));
    EXPECT_EQ(*unique.result(), 5);
    const std::unique_ptr<int> taken = std::move(unique).result();
    EXPECT_EQ(*taken, 5);

    auto nothing = loop.create_future<void>();
    EXPECT_THROW(nothing.result(), InvalidStateError);
    nothing.set_result();
    nothing.result();
}

TEST_P(FutureTest, FUT_3_await_of_references_and_move_only_values) {
    int target = 1;
    auto reference = loop.create_future<int&>();
    auto unique = loop.create_future<std::unique_ptr<int>>();
    loop.call_soon([&] {
        reference.set_result(target);
        unique.set_result(std::make_unique<int>(5));
    });
    run([&]() -> Coro<> {
        EXPECT_EQ(&co_await reference, &target);
        const std::unique_ptr<int> value = co_await std::move(unique);
        EXPECT_EQ(*value, 5);
    });
}

TEST_P(FutureTest, FUT_4_exception_of_each_state) {
    auto future = loop.create_future<int>();
    EXPECT_THROW(static_cast<void>(future.exception()), InvalidStateError);
    future.set_result(1);
    EXPECT_EQ(future.exception(), nullptr);
    auto cancelled = loop.create_future<int>();
    cancelled.cancel();
    EXPECT_THROW(static_cast<void>(cancelled.exception()), CancelledError);
}

TEST_P(FutureTest, FUT_5_a_done_future_takes_no_second_result) {
    auto done = loop.create_future<int>();
    done.set_result(1);
    EXPECT_THROW(done.set_result(2), InvalidStateError);
    EXPECT_THROW(done.set_exception(std::runtime_error("x")), InvalidStateError);
    EXPECT_THROW(loop.create_future<int>().set_exception(std::exception_ptr()), std::invalid_argument);
    EXPECT_EQ(done.result(), 1);
    auto cancelled = loop.create_future<int>();
    cancelled.cancel();
    EXPECT_THROW(cancelled.set_result(2), InvalidStateError);
    EXPECT_THROW(cancelled.set_exception(std::make_exception_ptr(1)), InvalidStateError);
    EXPECT_TRUE(cancelled.cancelled());
}

TEST_P(FutureTest, FUT_5_a_value_whose_construction_throws_leaves_it_pending) {
    struct Throws {
        explicit Throws(int) { throw std::runtime_error("constructor"); }
    };
    auto future = loop.create_future<Throws>();
    EXPECT_THROW(future.set_result(1), std::runtime_error);
    EXPECT_FALSE(future.done());
    EXPECT_TRUE(future.cancel());
}

TEST_P(FutureTest, FUT_6_exceptions_of_every_type) {
    auto number = loop.create_future<int>();
    number.set_exception(42);
    EXPECT_THROW(number.result(), int);
    auto pointer = loop.create_future<int>();
    pointer.set_exception(std::make_exception_ptr(std::out_of_range("x")));
    EXPECT_THROW(pointer.result(), std::out_of_range);
}

TEST_P(FutureTest, ORD_5_callbacks_and_tasks_in_the_order_of_registration) {
    support::Ticks ticks(loop);
    auto future = loop.create_future<int>();
    const auto wait = [&](const char* name) -> Coro<> {
        co_await future;
        trace(name, ticks.now());
    };
    auto w1 = loop.create_task(wait("w1-"));
    loop.call_soon([&] { future.add_done_callback([&](const auto&) { trace("cb-", ticks.now()); }); });
    auto w2 = loop.create_task(wait("w2-"));
    run_once();
    loop.call_soon([&] {
        future.set_result(1);
        trace("set-", ticks.now());
        loop.call_soon([&] { trace("soon-", ticks.now()); });
    });
    run_once();
    run_once();
    EXPECT_EQ(trace.str(), "set-2 w1-3 cb-3 w2-3 soon-3");
}

TEST_P(FutureTest, ORD_5_set_exception_and_cancel_keep_the_same_order) {
    for (const bool cancel : {false, true}) {
        trace.clear();
        support::Reports reports(loop);
        auto future = loop.create_future<int>();
        const auto wait = [&](const char* name) -> Coro<> {
            try {
                co_await future;
            } catch (const std::runtime_error&) {
                trace(name, "-failed");
            } catch (const CancelledError&) {
                trace(name, "-cancelled");
            }
        };
        auto w1 = loop.create_task(wait("w1"));
        loop.call_soon([&] { future.add_done_callback([&](const auto&) { trace("cb"); }); });
        auto w2 = loop.create_task(wait("w2"));
        run_once();
        if (cancel) {
            future.cancel();
        } else {
            future.set_exception(std::runtime_error("x"));
        }
        loop.call_soon([&] { trace("soon"); });
        EXPECT_EQ(trace.str(), "") << "nothing runs inside";
        run_once();
        EXPECT_EQ(trace.str(), cancel ? "w1-cancelled cb w2-cancelled soon" : "w1-failed cb w2-failed soon");
    }
}

TEST_P(FutureTest, ORD_7_await_of_a_done_future_does_not_suspend) {
    support::Ticks ticks(loop);
    auto future = loop.create_future<int>();
    future.set_result(9);
    run([&]() -> Coro<> {
        const int before = ticks.now();
        EXPECT_EQ(co_await future + co_await future, 18);
        EXPECT_EQ(ticks.now(), before);
    });
}

TEST_P(FutureTest, FUT_7_cancel) {
    auto future = loop.create_future<int>();
    future.add_done_callback([&](const Future<int>& done) { trace("cb", done.cancelled()); });
    EXPECT_TRUE(future.cancel());
    EXPECT_TRUE(future.cancelled());
    EXPECT_TRUE(future.done());
    EXPECT_FALSE(future.cancel());
    EXPECT_EQ(trace.str(), "");
    run_once();
    EXPECT_EQ(trace.str(), "cb1");
}

TEST_P(FutureTest, FUT_8_cancel_of_a_failed_future_silences_the_report) {
    support::Reports reports(loop);
    {
        auto future = loop.create_future<int>();
        future.set_exception(std::runtime_error("x"));
        EXPECT_FALSE(future.cancel());
    }
    EXPECT_TRUE(reports.contexts().empty());
}

TEST_P(FutureTest, FUT_12_get_loop) {
    EXPECT_EQ(&loop.create_future<int>().get_loop(), &loop);
}

TEST_P(FutureTest, FUT_13_many_awaiters) {
    auto future = loop.create_future<std::string>();
    std::vector<asyncio::Task<std::string>> tasks;
    for (int i = 0; i < 10; ++i)
        tasks.push_back(loop.create_task([&]() -> Coro<std::string> { co_return co_await future; }));
    loop.call_later(1ms, [&] { future.set_result("shared"); });
    for (auto& task : tasks) EXPECT_EQ(run(task), "shared");
}

TEST_P(FutureTest, FUT_14_a_future_of_another_loop) {
    support::Ticks ticks(loop);
    auto other = support::make_loop(GetParam());
    auto foreign = other->create_future<int>();
    run([&]() -> Coro<> {
        const int before = ticks.now();
        try {
            co_await foreign;
            ADD_FAILURE();
        } catch (const asyncio::RuntimeError& error) {
            EXPECT_EQ(ticks.now(), before + 1);
            EXPECT_NE(std::string(error.what()).find("attached to a different loop"), std::string::npos);
        }
        co_await asyncio::sleep(0ms);
        trace("on");
    });
    EXPECT_EQ(trace.str(), "on");
    foreign.set_result(1);  // nobody is entered there
    other->close();
}

TEST_P(FutureTest, FUT_15_reports_an_exception_that_nobody_took) {
    support::Reports reports(loop);
    {
        auto future = loop.create_future<int>();
        future.set_exception(std::runtime_error("lost"));
        future.add_done_callback([](const auto&) {});
        run_once();
        EXPECT_TRUE(reports.contexts().empty());
    }
    ASSERT_EQ(reports.contexts().size(), 1U);
    EXPECT_EQ(reports.contexts()[0].message, "Future exception was never retrieved");
    EXPECT_NE(reports.contexts()[0].future, "");
    EXPECT_THROW(std::rethrow_exception(reports.contexts()[0].exception), std::runtime_error);
}

TEST_P(FutureTest, FUT_15_each_way_of_taking_it_counts) {
    support::Reports reports(loop);
    const auto failed = [&] {
        auto future = loop.create_future<int>();
        future.set_exception(std::runtime_error("x"));
        return future;
    };
    EXPECT_THROW(failed().result(), std::runtime_error);
    EXPECT_TRUE(failed().exception());
    run([&]() -> Coro<> {
        try {
            co_await failed();
        } catch (const std::runtime_error&) {
            trace("awaited");
        }
    });
    EXPECT_EQ(trace.str(), "awaited");
    EXPECT_TRUE(reports.contexts().empty());
}

TEST_P(FutureTest, FUT_16_a_handler_that_throws_does_not_escape_the_destructor) {
    int calls = 0;
    loop.set_exception_handler([&](auto&, const auto&) {
        ++calls;
        throw std::runtime_error("handler");
    });
    testing::internal::CaptureStderr();
    {
        auto future = loop.create_future<int>();
        future.set_exception(std::runtime_error("x"));
    }
    EXPECT_NE(testing::internal::GetCapturedStderr().find("Unhandled error in exception handler"), std::string::npos);
    EXPECT_EQ(calls, 1);
}

TEST_P(FutureTest, FUT_18_isfuture) {
    auto task = loop.create_task([]() -> Coro<> { co_return; });
    EXPECT_TRUE(asyncio::isfuture(loop.create_future<int>()));
    EXPECT_TRUE(asyncio::isfuture(task));
    auto coroutine = []() -> Coro<> { co_return; }();
    EXPECT_FALSE(asyncio::isfuture(coroutine));
    EXPECT_FALSE(asyncio::isfuture(1));
    run(task);
    coroutine.close();
}

TEST_P(FutureTest, FUT_19_the_tutorials_program) {
    auto future = loop.create_future<int>();
    future.add_done_callback([&](const auto& done) { trace("callback", done.result()); });
    auto task = loop.create_task([&]() -> Coro<> {
        co_await asyncio::sleep(1ms);
        future.set_result(100);
        trace("Passed.");
    });
    EXPECT_EQ(run(future), 100);
    EXPECT_TRUE(task.done());
    EXPECT_EQ(trace.str(), "Passed. callback100");
}

TEST_P(FutureTest, await_copies_and_moves) {
    struct Counted {
        int* copies;
        explicit Counted(int& count) : copies(&count) {}
        Counted(const Counted& other) : copies(other.copies) { ++*copies; }
        Counted(Counted&&) = default;
    };
    int copies = 0;
    run([&]() -> Coro<> {
        auto shared = loop.create_future<Counted>();
        shared.set_result(Counted(copies));
        co_await shared;
        EXPECT_EQ(copies, 1);
        co_await shared;
        EXPECT_EQ(copies, 2) << "the value is still there";
        const auto other = shared;
        co_await std::move(shared);
        EXPECT_EQ(copies, 3) << "somebody else holds it, too";
        auto alone = loop.create_future<Counted>();
        alone.set_result(Counted(copies));
        co_await std::move(alone);
        EXPECT_EQ(copies, 3);
    });
}

TEST_P(FutureTest, LOOP_10_set_result_after_close) {
    auto watched = loop.create_future<int>();
    watched.add_done_callback([&](const auto&) { trace("never"); });
    auto plain = loop.create_future<int>();
    auto cancelled = loop.create_future<int>();
    cancelled.add_done_callback([&](const auto&) { trace("never"); });
    loop.close();
    EXPECT_THROW(watched.set_result(1), asyncio::RuntimeError);
    EXPECT_EQ(watched.result(), 1);
    EXPECT_THROW(watched.add_done_callback([](const auto&) {}), asyncio::RuntimeError);
    plain.set_result(2);
    EXPECT_EQ(plain.result(), 2);
    EXPECT_TRUE(cancelled.cancel());
    EXPECT_EQ(trace.str(), "");
}

TEST_P(FutureTest, awaiting_outside_of_a_task) {
    auto future = loop.create_future<int>();
    auto sleeping = asyncio::sleep(1s);
    EXPECT_THROW(sleeping.await_suspend(std::coroutine_handle<asyncio::detail::Promise<void>>()),
                 asyncio::RuntimeError);
    EXPECT_EQ(future.core().waiters().empty(), true);
}

}  // namespace
