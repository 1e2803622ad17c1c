#include "loop/simulated_network.hpp"

#include <asyncio/base/socket_address.hpp>

#include <chrono>
#include <thread>

using namespace std::chrono_literals;
using asyncio::Clock;
using asyncio::DescriptorPtr;
using asyncio::SimulatedDriver;
using asyncio::SocketAddress;

namespace {

using SimulatedClock = SimulatedNetwork;

TEST_F(SimulatedClock, starts_at_a_fixed_point_and_jumps_to_the_deadline) {
    EXPECT_EQ(driver->now(), Clock::time_point(1000s));
    driver->wait(driver->now() + 3600s);
    EXPECT_EQ(driver->now(), Clock::time_point(4600s));
    driver->wait(Clock::time_point::min());
    EXPECT_EQ(driver->now(), Clock::time_point(4600s)) << "min() does not wait";
    driver->wait(Clock::time_point(10s));
    EXPECT_EQ(driver->now(), Clock::time_point(4600s)) << "the clock never goes back";
    EXPECT_EQ(driver->waits(), 3U);
}

TEST_F(SimulatedClock, wake_ends_a_wait_before_the_clock_moves) {
    driver->wake();
    driver->wait(driver->now() + 1s);
    EXPECT_EQ(driver->now(), Clock::time_point(1000s));
    driver->wait(driver->now() + 1s);
    EXPECT_EQ(driver->now(), Clock::time_point(1001s));
}

TEST_F(SimulatedClock, advance_moves_the_clock_forward_only) {
    driver->advance(2s);
    driver->advance(-1s);
    EXPECT_EQ(driver->now(), Clock::time_point(1002s));
}

TEST_F(SimulatedClock, says_when_nothing_can_ever_happen) {
    EXPECT_FALSE(driver->may_block_for_ever());
    driver->wait(Clock::time_point::max());  // returns all the same
    driver->wake();
    EXPECT_TRUE(driver->may_block_for_ever());
}

TEST_F(SimulatedClock, blocks_for_other_threads_when_they_are_allowed) {
    use({.allow_threads = true});
    EXPECT_TRUE(driver->may_block_for_ever());
    std::jthread other([&] { driver->wake(); });
    driver->wait(Clock::time_point::max());
    EXPECT_EQ(driver->now(), Clock::time_point(1000s));
}

TEST_F(SimulatedNetwork, has_no_descriptors_of_the_system) {
    EXPECT_EQ(driver->watch(0, true, false), -ENOTSUP);
    EXPECT_EQ(driver->watch(0, false, false), 0);
    DescriptorPtr socket;
    EXPECT_EQ(driver->adopt(0, socket), -ENOTSUP);
    EXPECT_EQ(driver->open(AF_INET, SOCK_DGRAM, socket), -ESOCKTNOSUPPORT);
    EXPECT_EQ(driver->open(AF_PACKET, SOCK_STREAM, socket), -EAFNOSUPPORT);
}

TEST_F(SimulatedNetwork, binds_port_0_to_ports_of_its_own) {
    auto first = listener({"127.0.0.1", 0});
    auto second = listener({"127.0.0.1", 0});
    EXPECT_NE(local_address(first).port(), 0);
    EXPECT_NE(local_address(first).port(), local_address(second).port());
}

TEST_F(SimulatedNetwork, refuses_an_address_in_use_until_it_is_closed) {
    auto first = listener({"127.0.0.1", 8080});
    auto second = open();
    EXPECT_EQ(driver->bind(*second, {"127.0.0.1", 8080}), -EADDRINUSE);
    EXPECT_EQ(driver->bind(*second, {"0.0.0.0", 8080}), -EADDRINUSE) << "every address is also that one";
    driver->close(*first);
    EXPECT_EQ(driver->bind(*second, {"127.0.0.1", 8080}), 0);
    EXPECT_EQ(driver->bind(*second, {"127.0.0.1", 8081}), -EINVAL) << "bound already";
    EXPECT_EQ(driver->bind(*open(), {"10.0.0.1", 8080}), 0) << "another host";
    EXPECT_EQ(driver->bind(*open(AF_INET6), {"::1", 8080}), 0) << "another family";
    EXPECT_EQ(driver->bind(*open(AF_INET6), {"10.0.0.1", 8080}), -EAFNOSUPPORT);
}

TEST_F(SimulatedNetwork, connects_and_accepts_in_order) {
    auto server = listener({"127.0.0.1", 80});
    SocketAddress target("127.0.0.1", 80);
    auto one = open();
    auto two = open();
    TestOperation connect_one(Kind::connect, one);
    TestOperation connect_two(Kind::connect, two);
    connect_one.address = connect_two.address = &target;
    EXPECT_FALSE(driver->start(connect_one));
    EXPECT_FALSE(driver->start(connect_two));
    poll();
    EXPECT_EQ(connect_one.completions, 1);
    EXPECT_EQ(connect_one.result, 0);
    EXPECT_EQ(connect_two.result, 0);

    SocketAddress from;
    TestOperation accept(Kind::accept, server);
    accept.address = &from;
    ASSERT_TRUE(driver->start(accept));
    EXPECT_EQ(accept.result, 0);
    EXPECT_EQ(from, local_address(one));
    EXPECT_EQ(local_address(accept.accepted), target);
    EXPECT_EQ(send(one, "hello"), 5);
    EXPECT_EQ(recv(accept.accepted), "hello");
    ASSERT_TRUE(driver->start(accept));
    EXPECT_EQ(from, local_address(two));
    EXPECT_FALSE(driver->start(accept));
}

TEST_F(SimulatedNetwork, listener_on_every_address_is_found_at_each) {
    auto server = listener({"0.0.0.0", 80});
    for (const char* host : {"127.0.0.1", "10.1.2.3", "0.0.0.0"}) {
        SocketAddress target(host, 80);
        TestOperation connect(Kind::connect, open());
        connect.address = &target;
        driver->start(connect);
        poll();
        EXPECT_EQ(connect.result, 0) << host;
    }
}

TEST_F(SimulatedNetwork, connect_is_refused_where_nobody_listens) {
    SocketAddress target("127.0.0.1", 81);
    auto client = open();
    TestOperation connect(Kind::connect, client);
    connect.address = &target;
    EXPECT_FALSE(driver->start(connect));
    poll();
    EXPECT_EQ(connect.result, -ECONNREFUSED);
    auto server = listener({"127.0.0.1", 81});
    EXPECT_FALSE(driver->start(connect)) << "the socket may try again";
    poll();
    EXPECT_EQ(connect.result, 0);
    EXPECT_TRUE(driver->start(connect));
    EXPECT_EQ(connect.result, -EISCONN);
}

TEST_F(SimulatedNetwork, connect_takes_the_latency_and_finds_who_listens_then) {
    use({.latency = 5ms});
    SocketAddress target("127.0.0.1", 82);
    TestOperation connect(Kind::connect, open());
    connect.address = &target;
    EXPECT_FALSE(driver->start(connect));
    TestOperation again(Kind::connect, connect.descriptor);
    again.address = &target;
    EXPECT_TRUE(driver->start(again));
    EXPECT_EQ(again.result, -EALREADY);
    auto server = listener({"127.0.0.1", 82});
    EXPECT_TRUE(driver->may_block_for_ever()) << "something is under way";
    poll_until(Clock::time_point::max());
    EXPECT_EQ(driver->now(), Clock::time_point(1000s + 5ms));
    EXPECT_EQ(connect.result, 0);
}

TEST_F(SimulatedNetwork, full_backlog_lets_connects_wait) {
    auto server = listener({"127.0.0.1", 83}, 0);  // room for one
    SocketAddress target("127.0.0.1", 83);
    TestOperation one(Kind::connect, open());
    TestOperation two(Kind::connect, open());
    TestOperation three(Kind::connect, open());
    for (TestOperation* connect : {&one, &two, &three}) {
        connect->address = &target;
        driver->start(*connect);
    }
    poll();
    EXPECT_FALSE(one.pending);
    EXPECT_TRUE(two.pending);
    driver->close(*two.descriptor);  // gives up
    TestOperation accept(Kind::accept, server);
    EXPECT_TRUE(driver->start(accept));
    poll();
    EXPECT_EQ(two.result, -EBADF);
    EXPECT_FALSE(three.pending);
    EXPECT_EQ(three.result, 0);
}

TEST_F(SimulatedNetwork, closing_a_listener_resets_who_was_not_accepted) {
    auto server = listener({"127.0.0.1", 84}, 0);
    SocketAddress target("127.0.0.1", 84);
    TestOperation inside(Kind::connect, open());
    TestOperation outside(Kind::connect, open());
    TestOperation accept(Kind::accept, server);
    for (TestOperation* connect : {&inside, &outside}) {
        connect->address = &target;
        driver->start(*connect);
    }
    poll();
    driver->close(*server);
    poll();
    EXPECT_EQ(recv(inside.descriptor), errno_text(ECONNRESET));
    EXPECT_EQ(outside.result, -ECONNREFUSED);
}

TEST_F(SimulatedNetwork, unix_sockets_are_found_by_path) {
    const auto path = SocketAddress::unix_path("/tmp/socket");
    auto server = listener(path);
    EXPECT_EQ(driver->bind(*open(AF_UNIX), path), -EADDRINUSE);
    SocketAddress target = path;
    TestOperation connect(Kind::connect, open(AF_UNIX));
    connect.address = &target;
    driver->start(connect);
    poll();
    EXPECT_EQ(connect.result, 0);
    SocketAddress nowhere = SocketAddress::unix_path("/tmp/other");
    TestOperation astray(Kind::connect, open(AF_UNIX));
    astray.address = &nowhere;
    driver->start(astray);
    poll();
    EXPECT_EQ(astray.result, -ENOENT);
}

TEST_F(SimulatedNetwork, ends_with_its_driver_whatever_is_open) {
    auto server = listener({"127.0.0.1", 85}, 0);
    SocketAddress target("127.0.0.1", 85);
    TestOperation inside(Kind::connect, open());
    TestOperation outside(Kind::connect, open());
    inside.address = outside.address = &target;
    driver->start(inside);
    driver->start(outside);
    connect_pair();
    TestOperation receiver(Kind::recv, a);
    driver->start(receiver.with_buffer(1));
    driver.reset();
    EXPECT_TRUE(a->closed());
    EXPECT_FALSE(receiver.pending);
    EXPECT_EQ(receiver.completions, 1);  // whoever owns an operation must hear of its end, as on epoll
    EXPECT_EQ(receiver.result, -EBADF);
}

}  // namespace
