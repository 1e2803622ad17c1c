#include <asyncio/task/ensure_future.hpp>

#include "support/loops.hpp"

#include <asyncio/task/run_until_complete.hpp>
#include <asyncio/task/sleep.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <coroutine>
#include <functional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

namespace {

using asyncio::Coro;
using asyncio::Future;
using asyncio::Task;
using namespace std::chrono_literals;

Coro<int> give(int value) {
    co_return value;
}

class EnsureFuture : public support::OnEachDriver {};
ASYNCIO_ON_EACH_DRIVER_AND_EAGER(EnsureFuture);

TEST_P(EnsureFuture, AWT_1_a_future_of_another_loop_is_refused) {
    auto other = support::make_loop(GetParam());
    auto future = other->create_future<int>();
    EXPECT_THROW(static_cast<void>(asyncio::ensure_future(future, {.loop = &loop})), std::invalid_argument);
    EXPECT_EQ(asyncio::ensure_future(future, {.loop = other.get()}), future);
    other->close();
}

TEST_P(EnsureFuture, AWT_5_a_coroutine_needs_a_loop) {
    asyncio::set_event_loop(nullptr);
    EXPECT_THROW(static_cast<void>(asyncio::ensure_future(give(1))), asyncio::RuntimeError);
    auto task = asyncio::ensure_future(give(2), {.loop = &loop});
    EXPECT_EQ(loop.run_until_complete(task), 2);
}

TEST_P(EnsureFuture, AWT_1_futures_and_tasks_are_returned_as_they_are) {
    auto future = loop.create_future<int>();
    auto task = loop.create_task(give(3));
    static_assert(std::is_same_v<decltype(asyncio::ensure_future(future)), Future<int>>);
    static_assert(std::is_same_v<decltype(asyncio::ensure_future(task)), Task<int>>);
    EXPECT_EQ(asyncio::ensure_future(future), future);
    EXPECT_EQ(asyncio::ensure_future(task), task);
    EXPECT_EQ(loop.run_until_complete(task), 3);
}

/// Something that can be awaited and is neither a coroutine nor a future.
class Custom {
public:
    explicit Custom(std::string text) : text_(std::move(text)) {}
    auto operator co_await() && { return Awaiter{std::move(text_)}; }

private:
    struct Awaiter {
        using asyncio_awaiter = void;
        std::string text;
        [[nodiscard]] bool await_ready() const noexcept { return true; }
        void await_suspend(std::coroutine_handle<>) const noexcept {}
        std::string await_resume() { return std::move(text); }
    };

    std::string text_;
};

TEST_P(EnsureFuture, AWT_1_other_awaitables_become_tasks) {
    run([&]() -> Coro<> {
        const int captured = 4;
        auto body = [captured]() -> Coro<int> { co_return captured; };
        EXPECT_EQ(co_await asyncio::ensure_future(body), 4);
        EXPECT_EQ(co_await asyncio::ensure_future(give(5)), 5);
        EXPECT_EQ(co_await asyncio::ensure_future(Custom("x")), "x");
        Task<void> sleeping = asyncio::ensure_future(asyncio::sleep(1ms));
        EXPECT_FALSE(sleeping.done());
        co_await sleeping;
    });
}

TEST_P(EnsureFuture, AWT_1_temporary_closures_are_refused_where_the_compiler_would_destroy_them_twice) {
    using asyncio::detail::safe_closure;
    using asyncio::detail::temporaries_survive_co_await;
    auto with_string = [text = std::string("x")]() -> Coro<std::string> { co_return text; };
    auto with_number = [number = 1]() -> Coro<int> { co_return number; };
    static_assert(safe_closure<decltype(with_string)> == temporaries_survive_co_await);
    static_assert(safe_closure<decltype(with_string)&> && safe_closure<decltype(with_number)>);
    static_assert(safe_closure<std::function<Coro<>()>>);
    EXPECT_EQ(run(with_string), "x");
    EXPECT_EQ(run(with_number), 1);
}

}  // namespace
