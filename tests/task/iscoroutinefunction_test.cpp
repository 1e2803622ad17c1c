#include <asyncio/task/iscoroutinefunction.hpp>

#include <asyncio/task/task.hpp>

#include <gtest/gtest.h>

#include <functional>

namespace {

using asyncio::Coro;

Coro<int> add(int a, int b) {
    co_return a + b;
}
int plain(int a) {
    return a;
}
struct Object {
    Coro<> method(int) { co_return; }
    Coro<> const_method() const { co_return; }
    int number(int) { return 1; }
};

TEST(IsCoroutineFunction, CORO_11_true_for_what_returns_a_coro) {
    static_assert(asyncio::iscoroutinefunction(add));
    static_assert(asyncio::iscoroutinefunction(&add));
    static_assert(asyncio::iscoroutinefunction(&Object::method));
    static_assert(asyncio::iscoroutinefunction(&Object::const_method));
    const auto lambda = [](int n) -> Coro<int> { co_return n; };
    static_assert(asyncio::iscoroutinefunction(lambda));
    int calls = 0;
    auto counting = [&calls]() mutable -> Coro<> { return [](int& n) -> Coro<> { co_return void(++n); }(calls); };
    EXPECT_TRUE(asyncio::iscoroutinefunction(counting));
    EXPECT_TRUE(asyncio::iscoroutinefunction(std::function<Coro<>(int)>()));
    EXPECT_TRUE(asyncio::iscoroutinefunction(std::bind(add, 1, 2)));
    EXPECT_TRUE(asyncio::iscoroutinefunction(std::bind_front(add, 1, 2)));
    EXPECT_EQ(calls, 0);
}

TEST(IsCoroutineFunction, CORO_11_false_for_everything_else) {
    static_assert(!asyncio::iscoroutinefunction(plain));
    static_assert(!asyncio::iscoroutinefunction(&Object::number));
    static_assert(!asyncio::iscoroutinefunction(1));
    const auto spawns = [](int) -> asyncio::Task<int>* { return nullptr; };
    static_assert(!asyncio::iscoroutinefunction(spawns));
    const auto makes_task = []() -> asyncio::Task<int> { return asyncio::Task<int>(nullptr); };
    static_assert(!asyncio::iscoroutinefunction(makes_task));
    auto coroutine = add(1, 2);
    EXPECT_FALSE(asyncio::iscoroutinefunction(coroutine));
    coroutine.close();
}

}  // namespace
