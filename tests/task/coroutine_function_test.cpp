#include <asyncio/task/coroutine_function.hpp>

#include <asyncio/asyncio.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace {

using asyncio::Coro;
using asyncio::iscoroutinefunction;

Coro<int> function(int n, std::string) {
    co_return n;
}
int plain(int n) {
    return n;
}
struct Object {
    Coro<> member(int) const { co_return; }
    int number() { return 1; }
};

TEST(CoroutineFunction, CORO_11_a_callable_that_returns_a_coroutine) {
    EXPECT_TRUE(iscoroutinefunction(function));
    EXPECT_TRUE(iscoroutinefunction(&function));
    EXPECT_TRUE(iscoroutinefunction(&Object::member));
    const auto lambda = [captured = std::string("x")](int) -> Coro<> { co_return; };
    EXPECT_TRUE(iscoroutinefunction(lambda));
    static_assert(iscoroutinefunction([]() -> Coro<> { co_return; }));
    EXPECT_TRUE(iscoroutinefunction(std::function<Coro<int>(int)>()));
}

TEST(CoroutineFunction, CORO_11_through_bind) {
    EXPECT_TRUE(iscoroutinefunction(std::bind_front(function, 1, std::string("x"))));
    EXPECT_TRUE(iscoroutinefunction<std::string>(std::bind_front(function, 1)));
    EXPECT_TRUE(iscoroutinefunction(std::bind(function, 1, std::string("x"))));
    EXPECT_FALSE(iscoroutinefunction(std::bind_front(plain, 1)));
}

TEST(CoroutineFunction, CORO_11_generic_lambdas_are_asked_with_arguments) {
    const auto generic = [](auto n) -> Coro<decltype(n)> { co_return n; };
    EXPECT_TRUE(iscoroutinefunction<int>(generic));
    EXPECT_FALSE(iscoroutinefunction(generic));
}

TEST(CoroutineFunction, CORO_11_what_is_none) {
    EXPECT_FALSE(iscoroutinefunction(plain));
    EXPECT_FALSE(iscoroutinefunction(&Object::number));
    EXPECT_FALSE(iscoroutinefunction([] { return asyncio::create_task([]() -> Coro<> { co_return; }); }));
    EXPECT_FALSE(iscoroutinefunction([]() -> asyncio::AsyncGenerator<int> { co_yield 1; }));
    EXPECT_FALSE(iscoroutinefunction(1));
    const auto make = []() -> Coro<> { co_return; };
    auto coroutine = make();
    EXPECT_FALSE(iscoroutinefunction(coroutine));
    coroutine.close();
}

}  // namespace
