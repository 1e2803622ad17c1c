#include <asyncio/base/fork.hpp>

#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <thread>

namespace {

using asyncio::detail::at_fork;
using asyncio::detail::ForkHook;
using asyncio::detail::ForkOrder;
using asyncio::detail::in_first_thread;
using asyncio::detail::process_generation;
using asyncio::detail::thread_number;

std::string calls;

constexpr ForkHook outer{[] { calls += "outer held, "; }, [] { calls += "outer released"; },
                         [] { calls += "outer in the child"; }};
constexpr ForkHook inner{[] { calls += "inner held, "; }, [] { calls += "inner released, "; }, nullptr};
constexpr ForkHook nothing{};

/// Leaves the child's exit status, 0 when `child` is true there.
int in_child(auto&& child) {
    const pid_t pid = ::fork();
    if (pid == 0) ::_exit(child() ? 0 : 1);
    int status = -1;
    EXPECT_EQ(::waitpid(pid, &status, 0), pid);
    return status;
}

TEST(Fork, hooks_are_called_in_their_order_and_back) {
    // The places of what this program does not have: no pool, no look-up of names.
    at_fork(ForkOrder::pools, inner);
    at_fork(ForkOrder::look_ups, outer);
    at_fork(ForkOrder::look_ups, outer);
    EXPECT_EQ(in_child([] { return calls == "outer held, inner held, inner released, outer in the child"; }), 0);
    EXPECT_EQ(calls, "outer held, inner held, inner released, outer released");
    at_fork(ForkOrder::pools, nothing);
    at_fork(ForkOrder::look_ups, nothing);
}

TEST(Fork, generations_are_counted_in_the_child) {
    const auto own = process_generation();
    EXPECT_EQ(in_child([&] {
                  return process_generation() == own + 1 &&
                         in_child([&] { return process_generation() == own + 2; }) == 0;
              }),
              0);
    EXPECT_EQ(process_generation(), own);
}

TEST(Fork, Threadsafe_each_thread_and_the_one_of_a_child_has_a_number) {
    const std::int32_t own = thread_number();
    EXPECT_EQ(own, ::gettid());
    std::thread([own] {
        EXPECT_EQ(thread_number(), ::gettid());
        EXPECT_NE(thread_number(), own);
        EXPECT_FALSE(in_first_thread());
        EXPECT_EQ(in_child([] { return thread_number() == ::getpid() && in_first_thread(); }), 0);
    }).join();
}

}  // namespace
