// Users' sources in folders that are called like the library's: their functions are shown all the same.

#include <asyncio/asyncio.hpp>
#include <asyncio/testing/captured_log.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <optional>
#include <string>
#include <support/loops.hpp>

#define SHOP_CPP "/home/me/asyncio/task/shop.cpp"
#define SHOP_HPP "/home/me/asyncio/task/shop.hpp"
#define INSTALLED_SHOP_HPP "/home/me/include/asyncio/task/shop.hpp"

namespace {

using asyncio::Coro;
using testing::AnyOf;
using testing::HasSubstr;

Coro<> forgotten() {
    co_return;
}

}  // namespace

namespace shop {

// clang-format off
#line 101 SHOP_CPP
[[gnu::noinline]] void forget() { static_cast<void>(forgotten()); }
namespace { [[gnu::noinline, maybe_unused]] void forget_likewise() { static_cast<void>(forgotten()); } }
template <class T> [[gnu::noinline]] Coro<T> forget_and_return() { static_cast<void>(forgotten()); return Coro<T>([]() -> Coro<T> { co_return; }()); }
Coro<> buy(asyncio::Future<void> payment) { co_await payment; }
#line 201 SHOP_HPP
[[gnu::noinline]] void forget_in_header() { static_cast<void>(forgotten()); }
#line 301 INSTALLED_SHOP_HPP
[[gnu::noinline]] void forget_in_installed_header() { static_cast<void>(forgotten()); }
// clang-format on

}  // namespace shop

#line 49 "users_folders_test.cpp"
namespace {

class UsersFolders : public support::OnEachDriver {
protected:
    /// What debug mode says about a coroutine that `forget` made.
    template <class F>
    std::string log_of(F forget) {
        const asyncio::testing::CapturedLog log;
        loop.set_debug(true);
        loop.slow_callback_duration = std::chrono::hours(1);  // the first look-up reads all debug information
        loop.call_soon(forget);
        run_once();
        return log.text();
    }
};
ASYNCIO_ON_EACH_DRIVER(UsersFolders);

#if ASYNCIO_TEST_KNOWS_LINES
TEST_P(UsersFolders, DBG_2_who_made_a_coroutine_is_named) {
    EXPECT_THAT(log_of([] { shop::forget(); }), HasSubstr("created at " SHOP_CPP ":101"));
    EXPECT_THAT(log_of([] { shop::forget_likewise(); }), HasSubstr("created at " SHOP_CPP ":102"));
    EXPECT_THAT(log_of([] { static_cast<void>(shop::forget_and_return<void>().send()); }),
                AnyOf(HasSubstr("created at " SHOP_CPP ":103"), HasSubstr("created at shop::forget_and_return()")))
        << "the debug information of an instance may be out of reach";
    EXPECT_THAT(log_of([] { shop::forget_in_header(); }), HasSubstr("created at " SHOP_HPP ":201"));
    EXPECT_THAT(log_of([] { shop::forget_in_installed_header(); }), HasSubstr("created at " INSTALLED_SHOP_HPP ":301"));
}
#endif

TEST_P(UsersFolders, INS_1_frames_are_shown_in_call_graphs_and_stacks) {
    asyncio::Future<void> payment(loop);
    auto task = loop.create_task(shop::buy(payment));
    run_once();
    const auto graph = asyncio::capture_call_graph(task);
    ASSERT_EQ(graph.call_stack().size(), 1U);
    EXPECT_STREQ(graph.call_stack()[0].file(), SHOP_CPP);
    EXPECT_EQ(graph.call_stack()[0].function(), "shop::buy");
    std::FILE* const file = std::tmpfile();
    task.print_stack(std::nullopt, file);
    std::rewind(file);
    std::array<char, 1000> text{};
    static_cast<void>(std::fread(text.data(), 1, text.size() - 1, file));
    std::fclose(file);
    EXPECT_THAT(text.data(), HasSubstr("  File \"" SHOP_CPP "\", line 104, in shop::buy\n"));
    payment.set_result();
    run(task);
}

}  // namespace
