// The sockets of every driver behave alike, and as the system's do.

#include "support/loops.hpp"
#include "support/operations.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/testing/fault_plan.hpp>

#include <gtest/gtest.h>

#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <string_view>

using namespace std::chrono_literals;
using asyncio::Coro;
using asyncio::DescriptorPtr;
using asyncio::Operation;
using asyncio::SocketAddress;
using asyncio::testing::FaultPlan;
using asyncio::testing::SystemCall;
using support::AwaitedOperation;
using support::connect;
using support::receive;
using support::receive_all;
using support::send_all;
using Kind = Operation::Kind;

namespace {

class DriverSockets : public support::OnEachDriver {
public:
    DescriptorPtr open() {
        DescriptorPtr socket;
        EXPECT_EQ(driver.open(AF_INET, SOCK_STREAM, socket), 0);
        return socket;
    }

    /// Bound to a free port of 127.0.0.1.
    DescriptorPtr open_bound() {
        auto socket = open();
        EXPECT_EQ(driver.bind(*socket, {"127.0.0.1", 0}), 0);
        return socket;
    }

    SocketAddress local_address(const DescriptorPtr& socket) {
        SocketAddress address;
        EXPECT_EQ(driver.local_address(*socket, address), 0);
        return address;
    }

    /// Connects `client` and `server`.
    Coro<> connect_pair() {
        auto listener = open_bound();
        EXPECT_EQ(driver.listen(*listener, 10), 0);
        client = open();
        const SocketAddress address = local_address(listener);
        const std::int64_t connected = co_await connect(client, address);
        EXPECT_EQ(connected, 0);
        AwaitedOperation accept(Kind::accept, listener);
        const std::int64_t accepted = co_await accept.run();
        EXPECT_EQ(accepted, 0);
        server = accept.accepted;
        driver.close(*listener);
    }

    std::int64_t try_send(const DescriptorPtr& socket, std::string_view data) {
        return driver.try_send(*socket, std::as_bytes(std::span(data)));
    }

    /// Runs the body with a connected pair.
    template <class Body>
    void with_pair(Body body) {
        run([&]() -> Coro<> {
            co_await connect_pair();
            co_await body();
        });
        driver.close(*client);
        driver.close(*server);
    }

    asyncio::Driver& driver = loop.driver();
    DescriptorPtr client;
    DescriptorPtr server;
};
ASYNCIO_ON_EACH_DRIVER(DriverSockets);

TEST_P(DriverSockets, accept_tells_who_connects) {
    run([&]() -> Coro<> {
        auto listener = open_bound();
        EXPECT_EQ(driver.listen(*listener, 10), 0);
        EXPECT_NE(local_address(listener).port(), 0);
        auto one = open();
        const SocketAddress address = local_address(listener);
        EXPECT_EQ(co_await connect(one, address), 0);
        SocketAddress from;
        AwaitedOperation accept(Kind::accept, listener);
        accept.address = &from;
        EXPECT_EQ(co_await accept.run(), 0);
        EXPECT_EQ(from, local_address(one));
        SocketAddress peer;
        EXPECT_EQ(driver.peer_address(*one, peer), 0);
        EXPECT_EQ(peer, local_address(accept.accepted));
        EXPECT_EQ(driver.peer_address(*listener, peer), -ENOTCONN);
        for (auto& socket : {listener, one, accept.accepted}) driver.close(*socket);
    });
}

TEST_P(DriverSockets, connect_is_refused_where_nobody_listens) {
    run([&]() -> Coro<> {
        auto bound = open_bound();
        auto socket = open();
        const SocketAddress address = local_address(bound);
        EXPECT_EQ(co_await connect(socket, address), -ECONNREFUSED);
        driver.close(*bound);
        driver.close(*socket);
    });
}

TEST_P(DriverSockets, an_address_is_bound_once) {
    auto first = open_bound();
    auto second = open();
    EXPECT_EQ(driver.bind(*second, local_address(first)), -EADDRINUSE);
    EXPECT_EQ(driver.bind(*first, {"127.0.0.1", 0}), -EINVAL);
    driver.close(*first);
    driver.close(*second);
}

TEST_P(DriverSockets, half_close_ends_one_direction) {
    with_pair([&]() -> Coro<> {
        EXPECT_EQ(try_send(client, "question"), 8);
        EXPECT_EQ(driver.shutdown_write(*client), 0);
        EXPECT_EQ(try_send(client, "x"), -EPIPE);
        EXPECT_EQ(co_await receive_all(server), "question");
        EXPECT_EQ(try_send(server, "answer"), 6);
        driver.shutdown_write(*server);
        EXPECT_EQ(co_await receive_all(client), "answer");
        auto fresh = open();
        EXPECT_EQ(driver.shutdown_write(*fresh), -ENOTCONN);
        driver.close(*fresh);
    });
}

TEST_P(DriverSockets, close_ends_the_stream_after_the_data) {
    with_pair([&]() -> Coro<> {
        EXPECT_EQ(try_send(server, "last"), 4);
        driver.close(*server);
        EXPECT_EQ(co_await receive_all(client), "last");
        EXPECT_EQ(try_send(client, "lost"), 4);
        EXPECT_EQ(try_send(client, "x"), -EPIPE);
        EXPECT_EQ(co_await receive_all(client), "");
    });
}

TEST_P(DriverSockets, close_with_unread_data_resets) {
    with_pair([&]() -> Coro<> {
        EXPECT_EQ(try_send(client, "unread"), 6);
        EXPECT_EQ(try_send(server, "last"), 4);
        AwaitedOperation arrived(Kind::readable, server);
        EXPECT_EQ(co_await arrived.run(), 0);
        driver.close(*server);
        EXPECT_EQ(co_await receive_all(client), "last errno " + std::to_string(ECONNRESET));
        EXPECT_EQ(co_await receive_all(client), "") << "the error is told once";
        EXPECT_EQ(try_send(client, "x"), -EPIPE);
    });
}

TEST_P(DriverSockets, sender_waits_until_the_receiver_takes) {
    with_pair([&]() -> Coro<> {
        std::string data(8'000'000, '\0');
        for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<char>(i % 251);
        auto sending = asyncio::create_task([&]() -> Coro<> {
            const std::int64_t sent = co_await send_all(client, data);
            EXPECT_EQ(sent, 0);
            driver.shutdown_write(*client);
        });
        for (int i = 0; i < 100; ++i) co_await asyncio::sleep(0s);
        EXPECT_FALSE(sending.done());
        const std::string all = co_await receive_all(server);
        EXPECT_TRUE(all == data);
        co_await sending;
    });
}

TEST_P(DriverSockets, receivers_are_served_in_order) {
    with_pair([&]() -> Coro<> {
        std::byte one[1];
        std::byte two[10];
        auto first = asyncio::create_task(receive(server, one));
        auto second = asyncio::create_task(receive(server, two));
        co_await asyncio::sleep(0s);
        EXPECT_EQ(try_send(client, "abc"), 3);
        EXPECT_EQ(co_await first, 1);
        EXPECT_EQ(co_await second, 2);
        EXPECT_EQ(static_cast<char>(one[0]), 'a');
        EXPECT_EQ(static_cast<char>(two[0]), 'b');
    });
}

TEST_P(DriverSockets, readiness_comes_with_data_and_with_the_end) {
    with_pair([&]() -> Coro<> {
        AwaitedOperation writable(Kind::writable, server);
        EXPECT_EQ(co_await writable.run(), 0);
        std::byte buffer[10];
        EXPECT_EQ(driver.try_recv(*server, buffer), -EAGAIN);
        AwaitedOperation readable(Kind::readable, server);
        auto waiting = asyncio::create_task(readable.run());
        co_await asyncio::sleep(0s);
        EXPECT_TRUE(readable.pending);
        EXPECT_EQ(try_send(client, "x"), 1);
        EXPECT_EQ(co_await waiting, 0);
        EXPECT_EQ(co_await receive(server, buffer), 1);
        AwaitedOperation end(Kind::readable, server);
        auto waiting_for_end = asyncio::create_task(end.run());
        co_await asyncio::sleep(0s);
        driver.close(*client);
        EXPECT_EQ(co_await waiting_for_end, 0);
        EXPECT_EQ(co_await receive_all(server), "");
    });
}

TEST_P(DriverSockets, closing_completes_what_is_pending_with_EBADF) {
    with_pair([&]() -> Coro<> {
        std::byte buffer[10];
        auto first = asyncio::create_task(receive(server, buffer));
        auto second = asyncio::create_task(receive(server, buffer));
        co_await asyncio::sleep(0s);
        driver.close(*server);
        EXPECT_TRUE(server->closed());
        EXPECT_FALSE(first.done());
        EXPECT_EQ(co_await first, -EBADF);
        EXPECT_EQ(co_await second, -EBADF);
        EXPECT_EQ(co_await receive(server, buffer), -EBADF);
        EXPECT_EQ(try_send(server, "x"), -EBADF);
    });
}

TEST_P(DriverSockets, a_number_that_is_used_again_at_once_gets_nothing_of_the_old_one) {
    with_pair([&]() -> Coro<> {
        std::byte buffer[10];
        auto old = asyncio::create_task(receive(server, buffer));
        co_await asyncio::sleep(0s);
        const DescriptorPtr old_client = client;
        driver.close(*server);
        co_await connect_pair();  // most likely with the number that has just become free
        auto fresh = asyncio::create_task(receive(server, buffer));
        EXPECT_EQ(co_await old, -EBADF);
        EXPECT_FALSE(fresh.done());
        EXPECT_EQ(try_send(client, "new"), 3);
        EXPECT_EQ(co_await fresh, 3);
        driver.close(*old_client);
    });
}

TEST_P(DriverSockets, a_cancelled_receiver_takes_nothing) {
    with_pair([&]() -> Coro<> {
        std::byte buffer[10];
        AwaitedOperation cancelled(Kind::recv, server);
        cancelled.buffer = buffer;
        cancelled.size = sizeof buffer;
        EXPECT_FALSE(driver.start(cancelled));
        EXPECT_TRUE(driver.cancel(cancelled));
        EXPECT_FALSE(cancelled.pending);
        EXPECT_EQ(try_send(client, "data"), 4);
        EXPECT_EQ(co_await receive(server, buffer), 4);
    });
}

TEST_P(DriverSockets, interrupted_and_shortened_calls_lose_nothing) {
    with_pair([&]() -> Coro<> {
        FaultPlan plan(7);
        plan.fail(SystemCall::recv, EINTR, {.one_in = 3})
            .fail(SystemCall::send, EINTR, {.every = 2})
            .shorten(SystemCall::send, 7, {.one_in = 2})
            .shorten(SystemCall::recv, 1, {.one_in = 3});
        std::string data(10'000, '\0');
        for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<char>(i % 251);
        auto sending = asyncio::create_task([&]() -> Coro<> {
            const std::int64_t sent = co_await send_all(client, data);
            EXPECT_EQ(sent, 0);
            driver.shutdown_write(*client);
        });
        const std::string all = co_await receive_all(server);
        EXPECT_TRUE(all == data);
        co_await sending;
        EXPECT_GT(plan.injected(), 10U);
    });
}

TEST_P(DriverSockets, errors_of_calls_come_out_as_they_are) {
    with_pair([&]() -> Coro<> {
        FaultPlan plan;
        plan.fail(SystemCall::recv, ENOMEM, {.nth = 1}).fail(SystemCall::send, ENOBUFS, {.nth = 1});
        std::byte buffer[10];
        EXPECT_EQ(co_await send_all(client, "x"), -ENOBUFS);
        EXPECT_EQ(co_await send_all(client, "x"), 0);
        EXPECT_EQ(co_await receive(server, buffer), -ENOMEM);
        EXPECT_EQ(co_await receive(server, buffer), 1);
    });
}

}  // namespace
