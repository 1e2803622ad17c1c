#include <asyncio/testing/fault_plan.hpp>

#include "support/loops.hpp"

#include <asyncio/base/socket_address.hpp>
#include <asyncio/base/sys.hpp>
#include <asyncio/loop/driver.hpp>

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>

namespace sys = asyncio::detail::sys;
using asyncio::testing::FaultPlan;
using asyncio::testing::SystemCall;
using asyncio::testing::When;

namespace {

class FaultPlanTest : public ::testing::Test {
public:
    FaultPlanTest() { EXPECT_EQ(::pipe(ends), 0); }
    ~FaultPlanTest() override {
        ::close(ends[0]);
        ::close(ends[1]);
    }
    long write(std::string_view data) { return sys::write(ends[1], data.data(), data.size()); }

    int ends[2]{-1, -1};
};

TEST_F(FaultPlanTest, fails_the_nth_call_without_making_it) {
    FaultPlan plan;
    plan.fail(SystemCall::write, ENOMEM, {.nth = 2});
    EXPECT_EQ(write("a"), 1);
    EXPECT_EQ(write("b"), -ENOMEM);
    EXPECT_EQ(write("c"), 1);
    char buffer[10];
    EXPECT_EQ(sys::read(ends[0], buffer, sizeof buffer), 2);
    EXPECT_EQ(std::string(buffer, 2), "ac");
    EXPECT_EQ(plan.seen(SystemCall::write), 3U);
    EXPECT_EQ(plan.seen(SystemCall::read), 1U);
    EXPECT_EQ(plan.injected(), 1U);
}

TEST_F(FaultPlanTest, fails_every_kth_call) {
    FaultPlan plan;
    plan.fail(SystemCall::write, EINTR, {.every = 3});
    std::string seen;
    for (int i = 0; i < 9; ++i) seen += write("x") == -EINTR ? 'f' : '.';
    EXPECT_EQ(seen, "..f..f..f");
}

TEST_F(FaultPlanTest, fails_at_random_as_the_seed_says) {
    const auto pattern = [&](std::uint64_t seed) {
        FaultPlan plan(seed);
        plan.fail(SystemCall::write, EAGAIN, {.one_in = 2});
        std::string seen;
        for (int i = 0; i < 64; ++i) seen += write("x") == -EAGAIN ? 'f' : '.';
        return seen;
    };
    EXPECT_EQ(pattern(5), pattern(5));
    std::set<std::string> patterns;
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
        const std::string seen = pattern(seed);
        EXPECT_NE(seen.find('f'), std::string::npos);
        EXPECT_NE(seen.find('.'), std::string::npos);
        patterns.insert(seen);
    }
    EXPECT_GT(patterns.size(), 8U);
}

TEST_F(FaultPlanTest, shortens_reads_and_writes_but_never_to_nothing) {
    FaultPlan plan;
    plan.shorten(SystemCall::write, 3, {.nth = 1}).shorten(SystemCall::read, 0);
    EXPECT_EQ(write("abcdef"), 3);
    EXPECT_EQ(write("abcdef"), 6);
    char buffer[10];
    EXPECT_EQ(sys::read(ends[0], buffer, sizeof buffer), 1);
    EXPECT_EQ(plan.injected(), 2U);
}

TEST_F(FaultPlanTest, can_be_limited_to_a_descriptor) {
    FaultPlan plan;
    plan.fail(SystemCall::write, EPIPE, {.nth = 1, .fd = ends[1]});
    EXPECT_EQ(sys::write(-1, "x", 1), -EBADF) << "another descriptor is not counted";
    EXPECT_EQ(write("x"), -EPIPE);
}

TEST_F(FaultPlanTest, plans_nest_and_end_with_their_scope) {
    FaultPlan outer;
    outer.fail(SystemCall::write, EIO, {.nth = 2});
    {
        FaultPlan inner;
        inner.fail(SystemCall::write, EPIPE, {.nth = 1});
        EXPECT_EQ(write("x"), -EPIPE);
        EXPECT_EQ(write("x"), 1);
        EXPECT_EQ(write("x"), -EIO);
    }
    EXPECT_EQ(write("x"), 1);
    EXPECT_EQ(outer.seen(SystemCall::write), 3U) << "what the inner plan failed never got here";
}

TEST_F(FaultPlanTest, concerns_its_own_thread_only) {
    FaultPlan plan;
    plan.fail(SystemCall::write, EIO);
    long other = 0;
    std::jthread([&] { other = write("x"); }).join();
    EXPECT_EQ(other, 1);
    EXPECT_EQ(write("x"), -EIO);
}

class FaultsOnEachDriver : public support::OnEachDriver {
public:
    asyncio::DescriptorPtr open() {
        asyncio::DescriptorPtr socket;
        EXPECT_EQ(loop.driver().open(AF_INET, SOCK_STREAM, socket), 0);
        return socket;
    }
};
ASYNCIO_ON_EACH_DRIVER(FaultsOnEachDriver);

TEST_P(FaultsOnEachDriver, opening_listening_and_accepting_fail_alike) {
    FaultPlan plan;
    plan.fail(SystemCall::socket, EMFILE, {.nth = 1})
        .fail(SystemCall::bind, EACCES, {.nth = 1})
        .fail(SystemCall::listen, EADDRINUSE, {.nth = 1})
        .fail(SystemCall::connect, ENETUNREACH, {.nth = 1})
        .fail(SystemCall::accept, ENFILE);
    asyncio::Driver& driver = loop.driver();
    asyncio::DescriptorPtr socket;
    EXPECT_EQ(driver.open(AF_INET, SOCK_STREAM, socket), -EMFILE);
    auto server = open();
    EXPECT_EQ(driver.bind(*server, {"127.0.0.1", 0}), -EACCES);
    EXPECT_EQ(driver.bind(*server, {"127.0.0.1", 0}), 0);
    EXPECT_EQ(driver.listen(*server, 10), -EADDRINUSE);
    EXPECT_EQ(driver.listen(*server, 10), 0);

    struct Once : asyncio::Operation {
        Once(Kind kind, asyncio::DescriptorPtr socket, asyncio::EventLoop& loop)
            : Operation(kind, std::move(socket),
                        [](Operation& self) noexcept { static_cast<Once&>(self).loop.stop(); }),
              loop(loop) {}
        std::int64_t run() {
            if (!loop.driver().start(*this)) loop.run_forever();
            return result;
        }
        asyncio::EventLoop& loop;
    };
    asyncio::SocketAddress address;
    EXPECT_EQ(driver.local_address(*server, address), 0);
    Once connect(asyncio::Operation::Kind::connect, open(), loop);
    connect.address = &address;
    EXPECT_EQ(connect.run(), -ENETUNREACH);
    EXPECT_EQ(connect.run(), 0);
    Once accept(asyncio::Operation::Kind::accept, server, loop);
    EXPECT_EQ(accept.run(), -ENFILE);
    for (auto* each : {&connect.descriptor, &server}) driver.close(**each);
}

TEST_F(FaultPlanTest, refuses_what_is_no_errno_value) {
    FaultPlan plan;
    EXPECT_THROW(plan.fail(SystemCall::write, -ENOMEM), std::invalid_argument);
    EXPECT_THROW(plan.fail(SystemCall::write, 0), std::invalid_argument);
    EXPECT_EQ(write("a"), 1);
}

}  // namespace
