// What a program may do wrong with futures, tasks and what is to be awaited, and is told instead of going on in
// undefined behaviour.

#include <asyncio/asyncio.hpp>
#include <asyncio/testing/testing.hpp>

#include <gtest/gtest.h>

#include <coroutine>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using asyncio::Coro;
using asyncio::Future;
using asyncio::RuntimeError;
using asyncio::Task;
using asyncio::testing::run_virtual;
using namespace std::chrono_literals;

/// The message of the RuntimeError that awaiting throws, or "".
template <class A>
Coro<std::string> reuse_error(A& awaitable) {
    try {
        co_await awaitable;
    } catch (const RuntimeError& error) {
        co_return error.what();
    }
    co_return "";
}

constexpr const char* reused = "cannot reuse already awaited coroutine";

TEST(SingleUse, AWT_2_a_sleep_is_awaited_by_one_task_at_a_time) {
    run_virtual([]() -> Coro<> {
        auto sleep = asyncio::sleep(1s);
        auto first = asyncio::create_task([&]() -> Coro<> { co_await sleep; });
        auto second = asyncio::create_task([&]() -> Coro<std::string> { co_return co_await reuse_error(sleep); });
        EXPECT_EQ(co_await second, reused);
        co_await first;
    });
}

TEST(SingleUse, AWT_2_a_sleep_is_awaited_once) {
    run_virtual([]() -> Coro<> {
        for (const auto delay : {0s, 1s}) {
            auto sleep = asyncio::sleep(delay);
            co_await sleep;
            EXPECT_EQ(co_await reuse_error(sleep), reused);
        }
    });
}

TEST(SingleUse, AWT_2_a_sleep_that_was_cancelled_is_used) {
    run_virtual([]() -> Coro<> {
        auto sleep = asyncio::sleep(1s);
        auto task = asyncio::create_task([&]() -> Coro<> { co_await sleep; });
        co_await asyncio::sleep(0s);
        task.cancel();
        EXPECT_THROW(co_await task, asyncio::CancelledError);
        EXPECT_EQ(co_await reuse_error(sleep), reused);
    });
}

TEST(SingleUse, AWT_2_wait_all_tasks_blocked) {
    run_virtual([]() -> Coro<> {
        auto blocked = asyncio::testing::wait_all_tasks_blocked();
        auto first = asyncio::create_task([&]() -> Coro<> { co_await blocked; });
        auto second = asyncio::create_task([&]() -> Coro<std::string> { co_return co_await reuse_error(blocked); });
        EXPECT_EQ(co_await second, reused);
        co_await first;
        EXPECT_EQ(co_await reuse_error(blocked), reused);
    });
}

TEST(SingleUse, AWT_2_waits_of_primitives) {
    run_virtual([]() -> Coro<> {
        asyncio::Event event;
        auto wait = event.wait();
        auto task = asyncio::create_task([&]() -> Coro<> { co_await wait; });
        co_await asyncio::sleep(0s);
        event.set();
        co_await task;
        event.clear();
        EXPECT_EQ(co_await reuse_error(wait), reused);
    });
}

asyncio::AsyncGenerator<int, int> numbers() {
    for (int i = 0;; ++i) co_yield i;
}

TEST(SingleUse, AGEN_requests_of_an_async_generator) {
    run_virtual([]() -> Coro<> {
        auto generator = numbers();
        auto next = generator.next();
        auto first = co_await next;
        EXPECT_EQ(*first, 0);
        EXPECT_EQ(co_await reuse_error(next), "cannot reuse already awaited __anext__()/asend()");
        auto send = generator.asend(5);
        co_await send;
        EXPECT_EQ(co_await reuse_error(send), "cannot reuse already awaited __anext__()/asend()");
        auto close = generator.aclose();
        co_await close;
        EXPECT_EQ(co_await reuse_error(close), "cannot reuse already awaited aclose()/athrow()");
    });
}

TEST(Misuse, AGEN_athrow_without_an_exception) {
    run_virtual([]() -> Coro<> {
        auto generator = numbers();
        co_await generator.next();
        EXPECT_THROW(static_cast<void>(generator.athrow(std::exception_ptr())), std::invalid_argument);
        EXPECT_EQ(*co_await generator.next(), 1);
        co_await generator.aclose();
    });
}

/// Somebody else's: it would be resumed by whoever knows nothing of tasks, or never.
struct Foreign {
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<>) const noexcept {}
    int await_resume() const noexcept { return 1; }
};
struct MakesForeign {
    Foreign operator co_await() const noexcept { return {}; }
};
struct Ours : Foreign {
    using asyncio_awaiter = void;
    [[nodiscard]] bool await_ready() const noexcept { return true; }
};
struct MakesOurs {
    [[maybe_unused]] Ours operator co_await() const noexcept { return {}; }
};
struct Delegates {
    Future<int> future;
    auto operator co_await() const { return future.operator co_await(); }
};

TEST(Misuse, AWT_1_awaiters_of_somebody_else_are_not_awaitable) {
    static_assert(!asyncio::Awaitable<Foreign>);
    static_assert(!asyncio::Awaitable<Foreign&>);
    static_assert(!asyncio::Awaitable<MakesForeign>);
    static_assert(!asyncio::Awaitable<std::suspend_always>);
    static_assert(!asyncio::Awaitable<int>);
    static_assert(asyncio::Awaitable<Ours> && asyncio::Awaitable<MakesOurs>);
    static_assert(asyncio::Awaitable<Delegates> && asyncio::Awaitable<Coro<int>> && asyncio::Awaitable<Future<int>&>);
    run_virtual([]() -> Coro<> {
        EXPECT_EQ(co_await MakesOurs(), 1);
        Future<int> future;
        future.set_result(2);
        const Delegates delegates{future};
        EXPECT_EQ(co_await delegates, 2);
    });
}

template <class F>
std::string moved_error(F function) {
    try {
        function();
    } catch (const RuntimeError& error) {
        return error.what();
    }
    return "";
}

TEST(Misuse, FUT_members_of_a_moved_future_throw) {
    run_virtual([]() -> Coro<> {
        constexpr const char* moved = "use of a moved Future or Task";
        Future<int> future;
        const Future<int> other = std::move(future);
        EXPECT_EQ(moved_error([&] { static_cast<void>(future.done()); }), moved);
        EXPECT_EQ(moved_error([&] { static_cast<void>(future.cancelled()); }), moved);
        EXPECT_EQ(moved_error([&] { static_cast<void>(future.exception()); }), moved);
        EXPECT_EQ(moved_error([&] { future.cancel(); }), moved);
        EXPECT_EQ(moved_error([&] { future.remove_done_callback({}); }), moved);
        EXPECT_EQ(moved_error([&] { static_cast<void>(future.get_loop()); }), moved);
        EXPECT_EQ(moved_error([&] { static_cast<void>(future.repr()); }), moved);
        EXPECT_EQ(moved_error([&] { static_cast<void>(future.result()); }), moved);
        EXPECT_EQ(moved_error([&] { static_cast<void>(std::move(future).result()); }), moved);
        EXPECT_EQ(moved_error([&] { future.set_result(1); }), moved);
        EXPECT_EQ(moved_error([&] { future.set_exception(std::runtime_error("x")); }), moved);
        EXPECT_EQ(moved_error([&] { future.add_done_callback([](const Future<int>&) {}); }), moved);
        EXPECT_EQ(moved_error([&] { static_cast<void>(asyncio::ensure_future(future)); }), moved);
        EXPECT_EQ(moved_error([&] { static_cast<void>(asyncio::gather(future, future)); }), moved);
        EXPECT_EQ(moved_error([&] { static_cast<void>(asyncio::shield(future)); }), moved);
        EXPECT_EQ(moved_error([&] { static_cast<void>(asyncio::capture_call_graph(future)); }), moved);
        EXPECT_EQ(moved_error([&] { asyncio::future_discard_from_awaited_by(future, other); }), moved);
        EXPECT_EQ(co_await reuse_error(future), moved);
        EXPECT_FALSE(future == other);
        EXPECT_NE(std::hash<asyncio::AnyFuture>()(future), std::hash<asyncio::AnyFuture>()(other));
        future = other;
        EXPECT_FALSE(future.done());
    });
}

TEST(Misuse, TASK_members_of_a_moved_task_throw) {
    run_virtual([]() -> Coro<> {
        constexpr const char* moved = "use of a moved Future or Task";
        Task<int> task = asyncio::create_task([]() -> Coro<int> { co_return 1; });
        Task<int> other = std::move(task);
        EXPECT_EQ(moved_error([&] { static_cast<void>(task.done()); }), moved);
        EXPECT_EQ(moved_error([&] { static_cast<void>(task.get_name()); }), moved);
        EXPECT_EQ(moved_error([&] { task.set_name("x"); }), moved);
        EXPECT_EQ(moved_error([&] { static_cast<void>(task.get_context()); }), moved);
        EXPECT_EQ(moved_error([&] { static_cast<void>(task.cancelling()); }), moved);
        EXPECT_EQ(moved_error([&] { task.uncancel(); }), moved);
        EXPECT_EQ(moved_error([&] { static_cast<void>(task.get_coro()); }), moved);
        EXPECT_EQ(moved_error([&] { static_cast<void>(task.get_stack()); }), moved);
        EXPECT_EQ(moved_error([&] { task.print_stack(); }), moved);
        EXPECT_EQ(moved_error([&] { static_cast<void>(asyncio::AnyTask(task)); }), moved);
        EXPECT_EQ(co_await reuse_error(task), moved);
        co_await other;
    });
}

TEST(Misuse, LOOP_null_functions_are_refused_where_they_are_given) {
    run_virtual([]() -> Coro<> {
        asyncio::EventLoop& loop = asyncio::get_running_loop();
        void (*const call)() = nullptr;
        void (*const callback)(Future<int>) = nullptr;
        Coro<int> (*const body)() = nullptr;
        const std::function<void()> empty;
        Future<int> future;
        EXPECT_THROW(loop.call_soon(call), std::invalid_argument);
        EXPECT_THROW(loop.call_soon(empty), std::invalid_argument);
        EXPECT_THROW(loop.call_soon_threadsafe(call), std::invalid_argument);
        EXPECT_THROW(loop.call_later(1s, call), std::invalid_argument);
        EXPECT_THROW(loop.call_at(loop.time(), call), std::invalid_argument);
        EXPECT_THROW(loop.add_reader(0, call), std::invalid_argument);
        EXPECT_THROW(future.add_done_callback(callback), std::invalid_argument);
        EXPECT_THROW(static_cast<void>(asyncio::create_task(body)), std::invalid_argument);
        EXPECT_THROW(static_cast<void>(asyncio::gather(body, body)), std::invalid_argument);
        EXPECT_THROW(static_cast<void>(asyncio::wait_for(body, 1s)), std::invalid_argument);
        EXPECT_THROW(asyncio::PeriodicTask(1s, call), std::invalid_argument);
        EXPECT_THROW(static_cast<void>(loop.run_in_executor(nullptr, call)), std::invalid_argument);
        EXPECT_THROW(static_cast<void>(asyncio::to_thread(call)), std::invalid_argument);
        future.cancel();
        co_return;
    });
}

Coro<int> doubled(int value) {
    co_await asyncio::sleep(1s);
    co_return 2 * value;
}

TEST(Misuse, GTH_exceptions_as_values) {
    run_virtual([]() -> Coro<> {
        const auto give = []() -> Coro<std::exception_ptr> {
            co_return std::make_exception_ptr(std::runtime_error("value"));
        };
        const auto fail = []() -> Coro<std::exception_ptr> {
            throw std::logic_error("thrown");
            co_return nullptr;
        };
        auto [value, error] = co_await asyncio::gather(give(), fail(), asyncio::return_exceptions);
        EXPECT_TRUE(value.has_value());
        EXPECT_THROW(std::rethrow_exception(value.value()), std::runtime_error);
        EXPECT_FALSE(error.has_value());
        EXPECT_THROW(static_cast<void>(error.value()), std::logic_error);
    });
}

TEST(Misuse, GTH_a_range_of_what_can_only_be_moved) {
    run_virtual([]() -> Coro<> {
        using Limited = decltype(asyncio::wait_for(doubled(1), 5s));
        std::vector<Limited> waits;
        waits.push_back(asyncio::wait_for(doubled(1), 5s));
        waits.push_back(asyncio::wait_for(doubled(2), 5s));
        const std::vector<int> results = co_await asyncio::gather(std::move(waits));
        EXPECT_EQ(results, (std::vector<int>{2, 4}));
    });
}

TEST(Misuse, ASC_both_forms_mixed) {
    run_virtual([]() -> Coro<> {
        std::vector<Task<int>> tasks;
        for (int i = 1; i <= 3; ++i) tasks.push_back(asyncio::create_task(doubled(i)));
        auto results = asyncio::as_completed(tasks);
        int sum = 0;
        int rounds = 0;
        for (auto result : results) {
            sum += co_await result;
            ++rounds;
            if (auto task = co_await results.next()) sum += task->result();
        }
        EXPECT_EQ(sum, 12);
        EXPECT_EQ(rounds, 2);
        EXPECT_FALSE(co_await results.next());
    });
}

}  // namespace
