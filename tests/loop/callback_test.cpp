// DBG-5: a coroutine function is no callback. The messages are in tests/repository.

#include <asyncio/asyncio.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <source_location>
#include <utility>

namespace {

using asyncio::Coro;
using asyncio::EventLoop;
using namespace std::chrono_literals;

template <class... A>
concept CanCallSoon = requires(EventLoop& loop, A... a) { loop.call_soon(std::move(a)...); };
template <class... A>
concept CanCallSoonThreadsafe = requires(EventLoop& loop, A... a) { loop.call_soon_threadsafe(std::move(a)...); };
template <class... A>
concept CanCallLater = requires(EventLoop& loop, A... a) { loop.call_later(std::move(a)...); };
template <class... A>
concept CanCallAt = requires(EventLoop& loop, A... a) { loop.call_at(std::move(a)...); };
template <class... A>
concept CanAddReader = requires(EventLoop& loop, A... a) { loop.add_reader(std::move(a)...); };
template <class... A>
concept CanAddWriter = requires(EventLoop& loop, A... a) { loop.add_writer(std::move(a)...); };
template <class F>
concept CanAddDoneCallback = requires(asyncio::Future<int>& future, F f) { future.add_done_callback(std::move(f)); };
template <class... A>
concept CanSubmit = requires(asyncio::futures::Executor& executor, A... a) { executor.submit(std::move(a)...); };

[[maybe_unused]] Coro<> coroutine_function(int) {
    co_return;
}

using Context = asyncio::Context;
using Function = void (*)(int);
using CoroutineFunction = decltype(&coroutine_function);
using Milliseconds = std::chrono::milliseconds;
using Time = asyncio::Clock::time_point;

TEST(Callbacks, DBG_5_functions_are_taken) {
    static_assert(CanCallSoon<Function, int> && CanCallSoon<Context, Function, int>);
    static_assert(CanCallSoonThreadsafe<Function, int> && CanCallLater<Milliseconds, Function, int>);
    static_assert(CanCallAt<Time, Function, int> && CanCallAt<Context, Time, Function, int>);
    static_assert(CanAddReader<int, Function, int> && CanAddWriter<int, Function, int>);
    static_assert(CanAddDoneCallback<std::function<void(asyncio::Future<int>)>> && CanSubmit<Function, int>);
}

TEST(Callbacks, DBG_5_coroutine_functions_are_refused) {
    static_assert(!CanCallSoon<CoroutineFunction, int> && !CanCallSoon<Context, CoroutineFunction, int>);
    static_assert(!CanCallSoonThreadsafe<CoroutineFunction, int>);
    static_assert(!CanCallLater<Milliseconds, CoroutineFunction, int> && !CanCallAt<Time, CoroutineFunction, int>);
    static_assert(!CanAddReader<int, CoroutineFunction, int> && !CanAddWriter<int, CoroutineFunction, int>);
    static_assert(!CanAddDoneCallback<Coro<> (*)(asyncio::Future<int>)> && !CanSubmit<CoroutineFunction, int>);
    const auto lambda = []() -> Coro<> { co_return; };
    const auto lazy = [] { return asyncio::sleep(1s); };
    static_assert(!CanCallSoon<decltype(lambda)> && !CanCallSoon<decltype(lazy)>);
    static_assert(!CanCallSoon<std::function<Coro<>()>> && !CanSubmit<decltype(lazy)>);
}

TEST(Callbacks, DBG_5_coroutines_tasks_and_what_cannot_be_called_are_refused) {
    static_assert(!CanCallSoon<Coro<>> && !CanCallLater<Milliseconds, Coro<>> && !CanAddReader<int, Coro<>>);
    static_assert(!CanCallSoon<asyncio::Task<int>> && !CanCallSoon<asyncio::Future<int>> && !CanCallSoon<int>);
    static_assert(!CanCallSoon<Function> && !CanCallSoon<Function, int, int>);
}

TEST(Callbacks, DBG_5_a_callback_may_return_a_task) {
    EventLoop loop;
    bool ran = false;
    const auto work = [&]() -> Coro<> {
        ran = true;
        loop.stop();
        co_return;
    };
    loop.call_soon([&] { return loop.create_task(work); });
    loop.run_forever();
    loop.close();
    EXPECT_TRUE(ran);
}

TEST(Callbacks, DBG_6_a_place_may_be_an_argument_as_well) {
    EventLoop loop;
    int line = 0;
    loop.call_soon([&](std::source_location place) { line = static_cast<int>(place.line()); },
                   std::source_location::current());
    loop.stop();
    loop.run_forever();
    loop.close();
    EXPECT_NE(line, 0);
}

}  // namespace
