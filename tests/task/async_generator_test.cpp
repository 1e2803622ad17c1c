// Async generators: section 20 of the specification.

#include <asyncio/task/async_generator.hpp>

#include "support/lives.hpp"
#include "support/loops.hpp"
#include "support/ticks.hpp"
#include "support/trace.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/testing/captured_log.hpp>
#include <asyncio/testing/counters.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

using asyncio::AsyncGenerator;
using asyncio::CancelledError;
using asyncio::Coro;
using asyncio::GeneratorExit;
using asyncio::testing::CapturedLog;
using asyncio::testing::Counters;
using namespace std::chrono_literals;

class AsyncGeneratorTest : public support::OnEachDriver {
protected:
    support::Trace trace;
    support::Lives lives;
};
ASYNCIO_ON_EACH_DRIVER(AsyncGeneratorTest);

static_assert(!std::is_copy_constructible_v<AsyncGenerator<int>>);
static_assert(std::is_nothrow_move_constructible_v<AsyncGenerator<int>>);
static_assert(
    std::is_same_v<asyncio::AwaitResult<decltype(std::declval<AsyncGenerator<int>&>().next())>, std::optional<int>>);
static_assert(std::is_same_v<asyncio::AwaitResult<decltype(std::declval<AsyncGenerator<int&>&>().next())>, int*>);

AsyncGenerator<int> count_to(int n) {
    for (int i = 1; i <= n; ++i) co_yield i;
}

/// Traces its life; `lives` shows when the frame goes.
AsyncGenerator<int> traced(support::Trace& trace, support::Lives::One) {
    struct Leaving {
        support::Trace& trace;
        ~Leaving() { trace("left"); }
    } const leaving{trace};
    trace("entered");
    for (int i = 1;; ++i) {
        co_yield i;
        trace("resumed");
    }
}

/// Cleans up with an await when it is closed.
AsyncGenerator<int> cleaning(support::Trace& trace) {
    std::exception_ptr error;
    try {
        co_yield 1;
        co_yield 2;
    } catch (...) {
        error = std::current_exception();
    }
    co_await asyncio::sleep(1ms);
    trace("cleaned");
    if (error) std::rethrow_exception(error);
}

/// The message of the RuntimeError that `awaitable` throws.
template <class A>
Coro<std::string> runtime_error_of(A awaitable) {
    try {
        co_await std::move(awaitable);
    } catch (const asyncio::RuntimeError& error) {
        co_return error.what();
    }
    co_return "no error";
}

TEST_P(AsyncGeneratorTest, AG_1_yields_items_and_then_nothing) {
    const auto body = [&]() -> Coro<> {
        auto numbers = count_to(3);
        while (auto n = co_await numbers.next()) trace(*n);
        EXPECT_FALSE(co_await numbers.next());
        EXPECT_FALSE(co_await numbers.next());
    };
    run(body());
    EXPECT_EQ(trace.str(), "1 2 3");
}

TEST_P(AsyncGeneratorTest, AG_1_is_lazy_and_an_unused_one_is_destroyed_silently) {
    loop.set_debug(true);
    CapturedLog log;
    {
        auto unused = traced(trace, lives.one());
        EXPECT_EQ(lives.now(), 1);
    }
    EXPECT_EQ(trace.str(), "");
    EXPECT_EQ(lives.now(), 0);
    EXPECT_TRUE(log.lines().empty());
}

TEST_P(AsyncGeneratorTest, AG_1_runs_in_the_asking_task_without_a_hop) {
    support::Ticks ticks(loop);
    const auto body = [&]() -> Coro<> {
        const auto outer = asyncio::current_task();
        const int before = ticks.now();
        const auto make = [&]() -> AsyncGenerator<int> {
            EXPECT_EQ(asyncio::current_task(), outer);
            co_yield ticks.now();
            co_await asyncio::sleep(0ms);
            co_yield ticks.now();
        };
        auto generator = make();
        EXPECT_EQ(*co_await generator.next(), before);
        EXPECT_EQ(ticks.now(), before);
        EXPECT_EQ(*co_await generator.next(), before + 1);
    };
    run(body());
}

TEST_P(AsyncGeneratorTest, AG_1_an_exception_of_the_body_comes_out_and_finishes_it) {
    const auto make = [](support::Lives::One) -> AsyncGenerator<int> {
        co_yield 1;
        throw std::out_of_range("body");
    };
    const auto body = [&]() -> Coro<> {
        auto generator = make(lives.one());
        EXPECT_EQ(co_await generator.next(), 1);
        bool thrown = false;
        try {
            co_await generator.next();
        } catch (const std::out_of_range&) {
            thrown = true;
        }
        EXPECT_TRUE(thrown);
        EXPECT_EQ(lives.now(), 0) << "the frame goes with the end";
        EXPECT_EQ(co_await generator.next(), std::nullopt);
    };
    run(body());
}

TEST_P(AsyncGeneratorTest, AG_1_awaits_between_items_and_uses_other_generators) {
    const auto slow = [](int n) -> AsyncGenerator<int> {
        for (int i = 0; i < n; ++i) {
            co_await asyncio::sleep(1ms);
            co_yield i;
        }
    };
    const auto squares = [&](int n) -> AsyncGenerator<std::string> {
        auto numbers = slow(n);
        while (auto i = co_await numbers.next()) co_yield std::to_string(*i * *i);
    };
    const auto body = [&]() -> Coro<> {
        auto generator = squares(4);
        while (auto text = co_await generator.next()) trace(*text);
    };
    run(body());
    EXPECT_EQ(trace.str(), "0 1 4 9");
}

TEST_P(AsyncGeneratorTest, AG_1_items_may_be_move_only_references_or_converted) {
    const auto owners = []() -> AsyncGenerator<std::unique_ptr<int>> {
        co_yield std::make_unique<int>(1);
        auto two = std::make_unique<int>(2);
        co_yield std::move(two);
    };
    const auto elements = [](std::vector<int>& numbers) -> AsyncGenerator<int&> {
        for (int& n : numbers) co_yield n;
    };
    const auto texts = []() -> AsyncGenerator<std::string> {
        co_yield "literal";
        const std::string named = "named";
        co_yield named;
        co_yield named + "!";
    };
    const auto body = [&]() -> Coro<> {
        auto pointers = owners();
        while (auto pointer = co_await pointers.next()) trace(**pointer);
        std::vector<int> numbers{1, 2};
        auto references = elements(numbers);
        while (auto n = co_await references.next()) *n += 10;
        trace(numbers[0], "-", numbers[1]);
        auto strings = texts();
        while (auto text = co_await strings.next()) trace(*text);
    };
    run(body());
    EXPECT_EQ(trace.str(), "1 2 11-12 literal named named!");
}

TEST_P(AsyncGeneratorTest, AG_1_items_are_destroyed_once) {
    const auto make = [&]() -> AsyncGenerator<support::Lives::One> {
        co_yield lives.one();
        const auto named = lives.one();
        co_yield named;
    };
    const auto body = [&]() -> Coro<> {
        auto generator = make();
        while (auto one = co_await generator.next()) trace(lives.now() > 0 ? "alive" : "dead");
    };
    run(body());
    EXPECT_EQ(trace.str(), "alive alive");
    EXPECT_EQ(lives.now(), 0);
}

TEST_P(AsyncGeneratorTest, AG_1_no_allocation_for_an_item) {
    const auto body = [&]() -> Coro<std::uint64_t> {
        auto numbers = count_to(1000);
        co_await numbers.next();
        const auto before = Counters::now();
        for (int i = 0; i < 900; ++i) co_await numbers.next();
        co_return (Counters::now() - before).heap();
    };
    EXPECT_EQ(run(body()), 0U);
}

TEST_P(AsyncGeneratorTest, AG_1_can_be_moved_between_items) {
    const auto body = [&]() -> Coro<> {
        auto first = count_to(3);
        EXPECT_EQ(co_await first.next(), 1);
        auto second = std::move(first);
        EXPECT_EQ(co_await second.next(), 2);
        EXPECT_EQ(co_await first.next(), std::nullopt);
        first = std::move(second);
        EXPECT_EQ(co_await first.next(), 3);
        EXPECT_EQ(co_await first.next(), std::nullopt);
    };
    run(body());
}

TEST_P(AsyncGeneratorTest, AG_1_next_with_a_time_limit) {
    const auto make = []() -> AsyncGenerator<int> {
        co_yield 1;
        co_await asyncio::sleep(1h);
        co_yield 2;
    };
    const auto body = [&]() -> Coro<> {
        auto generator = make();
        EXPECT_EQ(co_await asyncio::wait_for(generator.next(), 1s), 1);
        bool late = false;
        try {
            co_await asyncio::wait_for(generator.next(), 1ms);
        } catch (const asyncio::TimeoutError&) {
            late = true;
        }
        EXPECT_TRUE(late);
        EXPECT_EQ(co_await generator.next(), std::nullopt);
    };
    run(body());
}

TEST_P(AsyncGeneratorTest, AG_1_the_call_stack_leads_through_the_generator) {
    const auto make = []() -> AsyncGenerator<int> {
        co_await asyncio::sleep(1h);
        co_yield 1;
    };
    auto generator = make();
    const auto body = [&]() -> Coro<> { co_await generator.next(); };
    auto task = loop.create_task(body());
    run_once();
    const auto* leaf = task.task_core().leaf();
    ASSERT_NE(leaf, nullptr);
    EXPECT_TRUE(leaf->is_generator(task.task_core().slot()));
    ASSERT_NE(leaf->caller, nullptr);
    EXPECT_FALSE(leaf->caller->is_generator(task.task_core().slot()));
    EXPECT_EQ(leaf->caller->caller, nullptr);
    task.cancel();
    EXPECT_THROW(run(task), CancelledError);
}

TEST_P(AsyncGeneratorTest, AG_2_aclose_throws_generator_exit_and_waits_for_the_cleanup) {
    const auto body = [&]() -> Coro<> {
        auto generator = cleaning(trace);
        co_await generator.next();
        co_await generator.aclose();
        trace("closed");
        EXPECT_EQ(co_await generator.next(), std::nullopt);
        co_await generator.aclose();
    };
    run(body());
    EXPECT_EQ(trace.str(), "cleaned closed");
}

TEST_P(AsyncGeneratorTest, AG_2_generator_exit_is_no_std_exception) {
    const auto make = [&]() -> AsyncGenerator<int> {
        try {
            co_yield 1;
        } catch (const std::exception&) {
            trace("swallowed");
        }
        trace("not reached");
    };
    const auto body = [&]() -> Coro<> {
        auto generator = make();
        co_await generator.next();
        co_await generator.aclose();
    };
    run(body());
    EXPECT_EQ(trace.str(), "");
}

TEST_P(AsyncGeneratorTest, AG_2_aclose_of_an_unstarted_one_runs_nothing) {
    const auto body = [&]() -> Coro<> {
        auto generator = traced(trace, lives.one());
        co_await generator.aclose();
        EXPECT_EQ(lives.now(), 0);
        EXPECT_EQ(co_await generator.next(), std::nullopt);
        co_await generator.aclose();
    };
    run(body());
    EXPECT_EQ(trace.str(), "");
}

TEST_P(AsyncGeneratorTest, AG_2_an_exception_of_the_cleanup_comes_out_of_aclose) {
    const auto make = []() -> AsyncGenerator<int> {
        try {
            co_yield 1;
        } catch (const GeneratorExit&) {
            throw std::out_of_range("cleanup");
        }
    };
    const auto body = [&]() -> Coro<> {
        auto generator = make();
        co_await generator.next();
        co_await generator.aclose();
    };
    EXPECT_THROW(run(body()), std::out_of_range);
}

TEST_P(AsyncGeneratorTest, AG_2_a_cancellation_reaches_the_cleanup_of_aclose) {
    auto generator = cleaning(trace);
    const auto body = [&]() -> Coro<> {
        co_await generator.next();
        co_await generator.aclose();
    };
    auto task = loop.create_task(body());
    run_once();
    task.cancel();
    EXPECT_THROW(run(task), CancelledError);
    EXPECT_EQ(trace.str(), "");
    EXPECT_EQ(run([&]() -> Coro<bool> { co_return (co_await generator.next()).has_value(); }), false);
}

TEST_P(AsyncGeneratorTest, AG_3_a_yield_after_generator_exit) {
    const auto make = []() -> AsyncGenerator<int> {
        try {
            co_yield 1;
        } catch (const GeneratorExit&) {
        }
        co_yield 2;
        co_yield 3;
    };
    const auto body = [&]() -> Coro<> {
        auto generator = make();
        co_await generator.next();
        EXPECT_EQ(co_await runtime_error_of(generator.aclose()), "async generator ignored GeneratorExit");
        EXPECT_EQ(co_await generator.next(), 3) << "it is suspended at the second yield, as in Python";
        co_await generator.aclose();
        EXPECT_EQ(co_await generator.next(), std::nullopt);
    };
    run(body());
}

AsyncGenerator<std::string, int> echo(support::Trace& trace) {
    std::string answer = "ready";
    for (;;) {
        try {
            const std::optional<int> sent = co_yield answer;
            answer = sent ? "got " + std::to_string(*sent) : "got nothing";
        } catch (const std::out_of_range& error) {
            trace("caught");
            answer = error.what();
        }
    }
}

TEST_P(AsyncGeneratorTest, AG_4_asend_gives_the_value_of_the_yield) {
    const auto body = [&]() -> Coro<> {
        auto generator = echo(trace);
        EXPECT_EQ(co_await generator.asend(std::nullopt), "ready");
        EXPECT_EQ(co_await generator.asend(5), "got 5");
        EXPECT_EQ(co_await generator.next(), "got nothing");
        EXPECT_EQ(co_await asyncio::wait_for(generator.asend(7), 1s), "got 7") << "also moved into a task";
        co_await generator.aclose();
        EXPECT_EQ(co_await generator.asend(6), std::nullopt);
    };
    run(body());
}

TEST_P(AsyncGeneratorTest, AG_4_sent_values_may_be_move_only) {
    const auto sum = []() -> AsyncGenerator<int, std::unique_ptr<int>> {
        int total = 0;
        for (;;) {
            const auto sent = co_yield total;
            total += **sent;
        }
    };
    const auto body = [&]() -> Coro<> {
        auto generator = sum();
        co_await generator.next();
        co_await generator.asend(std::make_unique<int>(3));
        EXPECT_EQ(co_await generator.asend(std::make_unique<int>(4)), 7);
    };
    run(body());
}

TEST_P(AsyncGeneratorTest, AG_4_asend_of_a_value_to_an_unstarted_one) {
    const auto body = [&]() -> Coro<> {
        auto generator = echo(trace);
        bool thrown = false;
        try {
            co_await generator.asend(5);
        } catch (const std::invalid_argument&) {
            thrown = true;
        }
        EXPECT_TRUE(thrown);
        EXPECT_EQ(co_await generator.next(), "ready") << "it is as it was";
    };
    run(body());
}

TEST_P(AsyncGeneratorTest, AG_4_athrow_raises_at_the_yield) {
    const auto body = [&]() -> Coro<> {
        auto generator = echo(trace);
        co_await generator.next();
        EXPECT_EQ(co_await generator.athrow(std::out_of_range("far")), "far");
        EXPECT_EQ(trace.str(), "caught");
        bool thrown = false;
        try {
            co_await generator.athrow(std::make_exception_ptr(std::domain_error("other")));
        } catch (const std::domain_error&) {
            thrown = true;
        }
        EXPECT_TRUE(thrown);
        EXPECT_EQ(co_await generator.next(), std::nullopt);
        EXPECT_EQ(co_await generator.athrow(std::domain_error("late")), std::nullopt) << "as in Python";
    };
    run(body());
}

TEST_P(AsyncGeneratorTest, AG_4_athrow_into_an_unstarted_one) {
    const auto body = [&]() -> Coro<> {
        auto generator = traced(trace, lives.one());
        bool thrown = false;
        try {
            co_await generator.athrow(std::out_of_range("early"));
        } catch (const std::out_of_range&) {
            thrown = true;
        }
        EXPECT_TRUE(thrown);
        EXPECT_EQ(lives.now(), 0);
        EXPECT_EQ(co_await generator.next(), std::nullopt);
    };
    run(body());
    EXPECT_EQ(trace.str(), "");
}

TEST_P(AsyncGeneratorTest, AG_5_a_request_while_another_task_is_inside) {
    const auto make = []() -> AsyncGenerator<int> {
        co_await asyncio::sleep(1ms);
        co_yield 1;
    };
    const auto body = [&]() -> Coro<> {
        auto generator = make();
        auto first = asyncio::ensure_future(generator.next());
        co_await asyncio::sleep(0ms);
        const std::string running = ": asynchronous generator is already running";
        EXPECT_EQ(co_await runtime_error_of(generator.next()), "anext()" + running);
        EXPECT_EQ(co_await runtime_error_of(generator.athrow(1)), "athrow()" + running);
        EXPECT_EQ(co_await runtime_error_of(generator.aclose()), "aclose()" + running);
        EXPECT_EQ(co_await first, 1) << "the first one is not disturbed";
        EXPECT_EQ(co_await generator.next(), std::nullopt);
    };
    run(body());
}

TEST_P(AsyncGeneratorTest, AG_5_a_generator_that_asks_itself) {
    AsyncGenerator<int>* self = nullptr;
    const auto make = [&]() -> AsyncGenerator<int> {
        trace(co_await runtime_error_of(self->next()));
        co_yield 1;
    };
    const auto body = [&]() -> Coro<> {
        auto generator = make();
        self = &generator;
        EXPECT_EQ(co_await generator.next(), 1);
    };
    run(body());
    EXPECT_EQ(trace.str(), "anext(): asynchronous generator is already running");
}

TEST_P(AsyncGeneratorTest, AG_6_leaving_the_scope_destroys_the_frame_at_once) {
    const auto body = [&]() -> Coro<> {
        {
            auto generator = traced(trace, lives.one());
            while (auto i = co_await generator.next()) {
                if (*i == 2) break;
            }
        }
        trace("after");
    };
    run(body());
    EXPECT_EQ(trace.str(), "entered resumed left after");
    EXPECT_EQ(lives.now(), 0);
}

TEST_P(AsyncGeneratorTest, AG_6_aclosing_runs_the_awaiting_cleanup) {
    const auto body = [&]() -> Coro<> {
        const int got =
            co_await asyncio::async_with(asyncio::aclosing(cleaning(trace)), [&](auto& closing) -> Coro<int> {
                while (auto i = co_await closing.next()) co_return *i;
                co_return 0;
            });
        trace(got);
        auto named = cleaning(trace);
        try {
            co_await asyncio::async_with(asyncio::aclosing(named), [&](auto& closing) -> Coro<> {
                co_await closing->next();
                throw std::out_of_range("body");
            });
        } catch (const std::out_of_range&) {
            trace("thrown");
        }
    };
    run(body());
    EXPECT_EQ(trace.str(), "cleaned 1 cleaned thrown");
}

TEST_P(AsyncGeneratorTest, AG_6_destroyed_while_a_task_is_inside) {
    auto gate = loop.create_future<void>();
    const auto make = [&](support::Lives::One) -> AsyncGenerator<int> {
        co_await gate;
        co_yield 1;
        trace("not reached");
    };
    std::optional<AsyncGenerator<int>> generator(make(lives.one()));
    const auto body = [&]() -> Coro<> { trace((co_await generator->next()).value_or(-1)); };
    auto task = loop.create_task(body());
    run_once();
    generator.reset();
    EXPECT_EQ(lives.now(), 1) << "the request keeps it";
    gate.set_result();
    run(task);
    EXPECT_EQ(trace.str(), "1");
    EXPECT_EQ(lives.now(), 0);
}

TEST_P(AsyncGeneratorTest, AG_6_destroyed_from_within_its_own_body) {
    std::optional<AsyncGenerator<int>> generator;
    const auto make = [&](support::Lives::One) -> AsyncGenerator<int> {
        generator.reset();
        trace("alive");
        co_return;
    };
    generator.emplace(make(lives.one()));
    run([&]() -> Coro<> { EXPECT_EQ(co_await generator->next(), std::nullopt); });
    EXPECT_EQ(trace.str(), "alive");
    EXPECT_EQ(lives.now(), 0);
}

TEST_P(AsyncGeneratorTest, AG_7_a_cancellation_inside_an_await_goes_through_the_generator) {
    const auto make = [&](support::Lives::One) -> AsyncGenerator<int> {
        try {
            co_await asyncio::sleep(1h);
        } catch (const CancelledError&) {
            trace("generator");
            throw;
        }
        co_yield 1;
    };
    auto generator = make(lives.one());
    const auto body = [&]() -> Coro<> {
        try {
            co_await generator.next();
        } catch (const CancelledError& error) {
            trace(error.message());
            throw;
        }
    };
    auto task = loop.create_task(body());
    run_once();
    task.cancel("reason");
    EXPECT_THROW(run(task), CancelledError);
    EXPECT_EQ(trace.str(), "generator reason");
    EXPECT_EQ(lives.now(), 0);
    EXPECT_EQ(run([&]() -> Coro<bool> { co_return (co_await generator.next()).has_value(); }), false);
}

TEST_P(AsyncGeneratorTest, AG_7_a_generator_may_refuse_a_cancellation_and_yield) {
    const auto make = [&]() -> AsyncGenerator<int> {
        bool cancelled = false;
        try {
            co_await asyncio::sleep(1h);
        } catch (const CancelledError&) {
            cancelled = true;
        }
        co_yield cancelled ? 1 : 2;
    };
    auto generator = make();
    auto task = loop.create_task([&]() -> Coro<int> { co_return *co_await generator.next(); });
    run_once();
    task.cancel();
    EXPECT_EQ(run(task), 1);
}

TEST_P(AsyncGeneratorTest, AG_7_a_cancellation_between_items_leaves_the_generator_alone) {
    auto generator = count_to(3);
    const auto body = [&]() -> Coro<> {
        co_await generator.next();
        co_await asyncio::sleep(1h);
    };
    auto task = loop.create_task(body());
    run_once();
    task.cancel();
    EXPECT_THROW(run(task), CancelledError);
    EXPECT_EQ(run([&]() -> Coro<int> { co_return *co_await generator.next(); }), 2);
}

TEST_P(AsyncGeneratorTest, AG_7_a_cancellation_after_the_wakeup_of_the_body) {
    auto gate = loop.create_future<void>();
    const auto make = [&]() -> AsyncGenerator<int> {
        co_await gate;
        co_yield 1;
    };
    auto generator = make();
    auto task = loop.create_task([&]() -> Coro<int> { co_return *co_await generator.next(); });
    run_once();
    gate.set_result();
    task.cancel();
    EXPECT_THROW(run(task), CancelledError);
    EXPECT_EQ(run([&]() -> Coro<bool> { co_return (co_await generator.next()).has_value(); }), false);
}

TEST_P(AsyncGeneratorTest, AG_8_destroyed_with_the_loop_while_a_task_is_inside) {
    const auto make = [](support::Lives::One) -> AsyncGenerator<int> {
        const auto inner = []() -> Coro<> { co_await asyncio::sleep(1h); };
        co_await inner();
        co_yield 1;
    };
    auto generator = make(lives.one());
    auto task = loop.create_task([&]() -> Coro<> { co_await generator.next(); });
    run_once();
    const CapturedLog log;
    loop.close();
    EXPECT_EQ(lives.now(), 0) << "the chain went with its task, and the generator knows";
}

TEST_P(AsyncGeneratorTest, AG_8_destroyed_with_the_frame_that_holds_it) {
    const auto make = [](support::Lives::One) -> AsyncGenerator<int> {
        co_yield 1;
        co_await asyncio::sleep(1h);
    };
    auto task = loop.create_task([&]() -> Coro<> {
        auto generator = make(lives.one());
        while (co_await generator.next()) {
        }
    });
    run_once();
    EXPECT_EQ(lives.now(), 1);
    const CapturedLog log;
    loop.close();
    EXPECT_EQ(lives.now(), 0);
}

TEST_P(AsyncGeneratorTest, AG_8_dropped_after_the_loop_was_closed) {
    auto generator = traced(trace, lives.one());
    run([&]() -> Coro<> { co_await generator.next(); });
    loop.close();
    {
        const auto dropped = std::move(generator);
    }
    EXPECT_EQ(trace.str(), "entered left");
    EXPECT_EQ(lives.now(), 0);
}

TEST_P(AsyncGeneratorTest, AG_8_goes_on_in_another_loop) {
    auto generator = count_to(3);
    run([&]() -> Coro<> { co_await generator.next(); });
    loop.close();
    auto other = support::make_loop(GetParam());
    EXPECT_EQ(other->run_until_complete([&]() -> Coro<int> { co_return *co_await generator.next(); }), 2);
    other->close();
}

TEST_P(AsyncGeneratorTest, AG_8_the_loop_knows_those_that_have_started_and_not_ended) {
    auto& known = loop.core().generators;
    auto generator = count_to(1);
    EXPECT_TRUE(known.empty());
    const auto ask = [&]() -> Coro<> { co_await generator.next(); };
    run(ask());
    EXPECT_FALSE(known.empty());
    run(ask());
    EXPECT_TRUE(known.empty());
}

TEST_P(AsyncGeneratorTest, AG_10_dropping_a_started_one_is_logged_in_debug_mode) {
    loop.set_debug(true);
    loop.slow_callback_duration = 1h;  // finding the line in the program's debug information takes a while
    CapturedLog log;
    run([&]() -> Coro<> {
        {
            auto dropped = count_to(3);
            co_await dropped.next();
        }
        auto finished = count_to(1);
        while (co_await finished.next()) {
        }
        auto closed = count_to(3);
        co_await closed.next();
        co_await closed.aclose();
    });
    ASSERT_EQ(log.lines().size(), 1U);
    EXPECT_NE(log.lines()[0].text.find("count_to' (suspended at"), std::string::npos) << log.lines()[0].text;
    loop.set_debug(false);
    run([&]() -> Coro<> {
        auto dropped = count_to(3);
        co_await dropped.next();
    });
    EXPECT_EQ(log.lines().size(), 1U);
}

TEST_P(AsyncGeneratorTest, CTX_12_the_body_runs_in_the_context_of_whoever_calls_next) {
    asyncio::ContextVar<int> var{"var", 0};
    const auto values = [&]() -> AsyncGenerator<int> {
        for (;;) co_yield var.get();
    };
    run([&]() -> Coro<> {
        auto generator = values();
        static_cast<void>(var.set(1));
        EXPECT_EQ(co_await generator.next(), 1);
        const auto other = [&]() -> Coro<> {
            static_cast<void>(var.set(2));
            EXPECT_EQ(co_await generator.next(), 2);
        };
        co_await asyncio::create_task(other);
        EXPECT_EQ(co_await generator.next(), 1);
        co_await generator.aclose();
    });
}

}  // namespace
