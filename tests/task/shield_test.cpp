#include <asyncio/task/shield.hpp>

#include "support/lives.hpp"
#include "support/loops.hpp"
#include "support/reports.hpp"
#include "support/ticks.hpp"

#include <asyncio/task/run_until_complete.hpp>
#include <asyncio/task/sleep.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

namespace {

using asyncio::CancelledError;
using asyncio::Coro;
using asyncio::Future;
using asyncio::Task;
using namespace std::chrono_literals;

Coro<> pass(int iterations) {
    for (int i = 0; i < iterations; ++i) co_await asyncio::sleep(0ms);
}

template <class T>
Coro<T> after(int iterations, T value) {
    co_await pass(iterations);
    co_return value;
}

Coro<int> fail_after(int iterations) {
    co_await pass(iterations);
    throw std::runtime_error("bad");
}

/// Awaits the shield of `inner` until it is cancelled.
template <class T>
Coro<> wait_shielded(Task<T> inner) {
    co_await asyncio::shield(inner);
}

std::size_t entries_of(const asyncio::AnyFuture& future) {
    std::size_t count = 0;
    const auto& waiters = future.core().waiters();
    for (auto* node = waiters.front(); node != nullptr; node = waiters.next(*node)) ++count;
    return count;
}

class Shield : public support::OnEachDriver {};
ASYNCIO_ON_EACH_DRIVER_AND_EAGER(Shield);

TEST_P(Shield, SHD_2_cancelling_the_awaiting_task_leaves_the_inner_one_alone) {
    run([&]() -> Coro<> {
        auto inner = asyncio::create_task(after(6, std::string("kept")));
        auto outer = asyncio::create_task(wait_shielded(inner));
        co_await pass(2);
        outer.cancel("bye");
        try {
            co_await outer;
            ADD_FAILURE() << "nothing was thrown";
        } catch (const CancelledError& error) {
            EXPECT_EQ(error.message(), "bye");
        }
        EXPECT_FALSE(inner.done());
        EXPECT_EQ(inner.cancelling(), 0U);
        EXPECT_EQ(co_await inner, "kept");
    });
}

TEST_P(Shield, SHD_3_inner_cancelled_cancels_the_shield) {
    run([&]() -> Coro<> {
        auto inner = asyncio::create_task(after(9, 1));
        auto shield = asyncio::shield(inner);
        co_await pass(1);
        inner.cancel("why");
        try {
            co_await shield;
            ADD_FAILURE() << "nothing was thrown";
        } catch (const CancelledError& error) {
            EXPECT_EQ(error.message(), "why");
        }
        EXPECT_TRUE(shield.cancelled());
        EXPECT_EQ(asyncio::current_task()->cancelling(), 0U);
    });
}

TEST_P(Shield, SHD_3_inner_fails_with_the_same_exception) {
    support::Reports reports(loop);
    run([&]() -> Coro<> {
        auto inner = asyncio::create_task(fail_after(1));
        auto shield = asyncio::shield(inner);
        EXPECT_THROW(co_await shield, std::runtime_error);
        EXPECT_EQ(shield.exception(), inner.exception());
    });
    EXPECT_TRUE(reports.contexts().empty());
}

TEST_P(Shield, SHD_4_inner_fails_after_the_outer_was_cancelled_and_is_reported_once) {
    support::Reports reports(loop);
    run([&]() -> Coro<> {
        auto inner = asyncio::create_task(fail_after(8));
        for (int i = 0; i < 2; ++i) {
            auto outer = asyncio::create_task(wait_shielded(inner));
            co_await pass(1);
            outer.cancel();
            EXPECT_THROW(co_await outer, CancelledError);
        }
        EXPECT_FALSE(inner.done());
        co_await pass(12);
        EXPECT_TRUE(inner.done());
    });
    ASSERT_EQ(reports.contexts().size(), 1U);
    EXPECT_EQ(reports.contexts()[0].message, "std::runtime_error exception in shielded future");
    EXPECT_FALSE(reports.contexts()[0].future.empty());
}

TEST_P(Shield, SHD_4_inner_succeeds_or_is_cancelled_silently) {
    support::Reports reports(loop);
    run([&]() -> Coro<> {
        auto good = asyncio::create_task(after(3, 1));
        auto cancelled = asyncio::create_task(after(9, 1));
        asyncio::shield(good).cancel();
        asyncio::shield(cancelled).cancel();
        co_await pass(2);
        cancelled.cancel();
        co_await pass(6);
        EXPECT_TRUE(good.done() && cancelled.done());
    });
    EXPECT_TRUE(reports.contexts().empty());
}

TEST_P(Shield, SHD_5_outer_cancelled_before_the_callback_of_a_failed_inner_ran) {
    support::Reports reports(loop);
    run([&]() -> Coro<> {
        std::optional<Future<int>> inner = loop.create_future<int>();
        auto shield = asyncio::shield(*inner);
        co_await pass(1);
        inner->set_exception(std::runtime_error("bad"));
        EXPECT_TRUE(shield.cancel());
        inner.reset();
        co_await pass(3);
    });
    ASSERT_EQ(reports.contexts().size(), 1U);
    EXPECT_EQ(reports.contexts()[0].message, "Future exception was never retrieved");
}

TEST_P(Shield, SHD_6_repeated_shields_leave_no_callbacks) {
    run([&]() -> Coro<> {
        auto inner = loop.create_future<int>();
        for (int i = 0; i < 100; ++i) {
            asyncio::shield(inner).cancel();
            co_await pass(2);
        }
        EXPECT_LE(entries_of(inner), 1U);  // the one that would report
        inner.set_result(1);
        co_await pass(2);
    });
}

TEST_P(Shield, LOOP_11_closing_the_loop_while_shielded) {
    support::Lives lives;
    const support::Reports quiet(loop);
    auto child = [&]() -> Coro<> {
        const auto life = lives.one();
        co_await asyncio::sleep(1h);
    };
    auto parent = [&]() -> Coro<> {
        const auto life = lives.one();
        co_await asyncio::shield(child);
    };
    loop.create_task(parent);
    for (int i = 0; i < 3; ++i) run_once();
    EXPECT_EQ(lives.now(), 2);
    loop.close();
    EXPECT_EQ(lives.now(), 0);
}

TEST_P(Shield, SHD_1_gives_another_future_with_the_same_result) {
    run([&]() -> Coro<> {
        auto inner = asyncio::create_task(after(1, 5));
        Future<int> shield = asyncio::shield(inner);
        EXPECT_FALSE(shield == inner);
        EXPECT_EQ(co_await shield, 5);
        EXPECT_TRUE(asyncio::shield(inner) == inner);  // done: itself
        auto body = []() -> Coro<int> { co_return 6; };
        EXPECT_EQ(co_await asyncio::shield(body), 6);
        EXPECT_EQ(co_await asyncio::shield(after(0, 7)), 7);
        co_await asyncio::shield(pass(1));
    });
}

TEST_P(Shield, SHD_1_move_only_results) {
    run([&]() -> Coro<> {
        auto body = []() -> Coro<std::unique_ptr<int>> { co_return std::make_unique<int>(8); };
        const std::unique_ptr<int> result = co_await asyncio::shield(body);
        EXPECT_EQ(*result, 8);
    });
}

TEST_P(Shield, SHD_1_a_future_that_only_the_shield_knows_can_be_waited_for_and_cancelled) {
    run([&]() -> Coro<> {
        auto body = [&]() -> Coro<> { co_await asyncio::shield(loop.create_future<int>()); };
        auto task = asyncio::create_task(body);
        co_await pass(2);
        task.cancel();
        EXPECT_THROW(co_await task, CancelledError);
    });
}

TEST_P(Shield, SHD_7_the_loop_keeps_the_inner_task) {
    run([&]() -> Coro<> {
        bool ended = false;
        auto body = [&]() -> Coro<> {
            co_await pass(4);
            ended = true;
        };
        asyncio::shield(body).cancel();
        co_await pass(8);
        EXPECT_TRUE(ended);
    });
}

TEST_P(Shield, ORD_12_inner_done_at_n_and_the_awaiter_resumes_at_n_plus_2) {
    support::Ticks ticks(loop);
    run([&]() -> Coro<> {
        int ended = 0;
        auto body = [&]() -> Coro<> {
            co_await pass(3);
            ended = ticks.now();
        };
        co_await asyncio::shield(body);
        EXPECT_EQ(ticks.now() - ended, 2);
    });
}

}  // namespace
