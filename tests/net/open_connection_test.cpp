#include "stream_pair.hpp"
#include "support/loops.hpp"

#include <asyncio/net/resolve.hpp>
#include <asyncio/testing/fault_plan.hpp>

#include <gtest/gtest.h>

#include <sys/socket.h>

#include <cerrno>
#include <stdexcept>
#include <string>

using namespace std::chrono_literals;
using asyncio::Coro;
using asyncio::testing::FaultPlan;
using asyncio::testing::SystemCall;
using support::settle;

class OpenConnection : public support::OnEachDriver {};
ASYNCIO_ON_EACH_DRIVER_AND_EAGER(OpenConnection);

namespace {

/// A port that nobody listens on.
Coro<std::uint16_t> refusing_port() {
    auto server = co_await asyncio::start_server([](auto, auto) {}, "127.0.0.1", 0);
    const std::uint16_t port = server.port();
    server.close();
    co_return port;
}

}  // namespace

TEST_P(OpenConnection, STREAM_1_limit_must_be_positive) {
    EXPECT_THROW(static_cast<void>(asyncio::open_connection("127.0.0.1", 1, {.limit = 0})), std::invalid_argument);
}

TEST_P(OpenConnection, CONN_5_one_refused_address_is_that_error) {
    run([]() -> Coro<> {
        const auto port = co_await refusing_port();
        try {
            static_cast<void>(co_await asyncio::open_connection("127.0.0.1", port));
            ADD_FAILURE() << "did not throw";
        } catch (const asyncio::ConnectionRefusedError& error) {
            EXPECT_NE(std::string(error.what()).find("127.0.0.1:" + std::to_string(port)), std::string::npos)
                << error.what();
        }
    });
}

TEST_P(OpenConnection, CONN_6_all_errors_come_in_a_group) {
    run([]() -> Coro<> {
        const auto port = co_await refusing_port();
        try {
            static_cast<void>(co_await asyncio::open_connection("127.0.0.1", port, {.all_errors = true}));
            ADD_FAILURE() << "did not throw";
        } catch (const asyncio::ExceptionGroup& group) {
            EXPECT_EQ(group.exceptions().size(), 1U);
            EXPECT_NE(std::string(group.what()).find("create_connection failed"), std::string::npos);
        }
    });
}

TEST_P(OpenConnection, CONN_7_bind_error_names_the_local_address) {
    run([]() -> Coro<> {
        FaultPlan plan;
        plan.fail(SystemCall::bind, EADDRINUSE);
        try {
            static_cast<void>(co_await asyncio::open_connection("127.0.0.1", 9, {.local_host = "127.0.0.1"}));
            ADD_FAILURE() << "did not throw";
        } catch (const std::system_error& error) {
            EXPECT_NE(std::string(error.what()).find("bind on address"), std::string::npos) << error.what();
        }
    });
}

TEST_P(OpenConnection, CONN_12_unknown_name) {
    run([]() -> Coro<> {
        EXPECT_THROW(static_cast<void>(co_await asyncio::open_connection("no such host", 80)), asyncio::gaierror);
    });
}

TEST_P(OpenConnection, CONN_14_literal_of_another_family) {
    run([]() -> Coro<> {
        EXPECT_THROW(static_cast<void>(co_await asyncio::open_connection("127.0.0.1", 80, {.family = AF_INET6})),
                     asyncio::gaierror);
    });
}

TEST_P(OpenConnection, STREAM_8_cancelled_at_every_stage_leaves_no_descriptor) {
    run([]() -> Coro<> {
        auto server = co_await asyncio::start_server([](auto, auto) {}, "127.0.0.1", 0);
        const auto before = support::open_descriptors();
        for (int hops = 0; hops < 5; ++hops) {
            auto task = asyncio::create_task(asyncio::open_connection("127.0.0.1", server.port()));
            for (int i = 0; i < hops; ++i) co_await asyncio::sleep(0ms);
            const bool was_done = task.done();
            task.cancel();
            co_await support::ended(task);
            EXPECT_EQ(task.cancelled(), !was_done) << hops;
        }
        co_await settle();
        EXPECT_EQ(support::open_descriptors(), before);
    });
}
