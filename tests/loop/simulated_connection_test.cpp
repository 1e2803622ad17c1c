#include "loop/simulated_network.hpp"

#include <asyncio/base/socket_address.hpp>

#include <chrono>
#include <set>

using namespace std::chrono_literals;
using asyncio::Clock;
using asyncio::DescriptorPtr;
using asyncio::SocketAddress;

namespace {

class SimulatedConnection : public SimulatedNetwork {
public:
    SimulatedConnection() { connect_pair(); }
    void restart(const asyncio::SimulatedOptions& options) {
        a = b = nullptr;
        use(options);
        connect_pair();
    }
};

TEST_F(SimulatedConnection, carries_bytes_both_ways_in_order) {
    EXPECT_EQ(send(a, "one "), 4);
    EXPECT_EQ(send(a, "two"), 3);
    EXPECT_EQ(send(b, "back"), 4);
    EXPECT_EQ(recv(b, 2), "on");
    EXPECT_EQ(recv(b), "e two");
    EXPECT_EQ(recv(a), "back");
    EXPECT_EQ(recv(a), errno_text(EAGAIN));
    SocketAddress peer;
    EXPECT_EQ(driver->peer_address(*a, peer), 0);
    EXPECT_EQ(peer, local_address(b));
}

TEST_F(SimulatedConnection, a_full_buffer_makes_the_sender_wait) {
    restart({.buffer_size = 10});
    EXPECT_EQ(send(a, "0123456"), 7);
    EXPECT_EQ(send(a, "789abc"), 3) << "short write";
    EXPECT_EQ(send(a, "x"), -EAGAIN);
    std::string rest = "abc";
    TestOperation sender(Kind::send, a);
    EXPECT_FALSE(driver->start(sender.with_data(rest)));
    poll();
    EXPECT_TRUE(sender.pending);
    EXPECT_EQ(send(a, "y"), -EAGAIN) << "does not overtake";
    EXPECT_EQ(recv(b, 4), "0123");
    poll();
    EXPECT_EQ(sender.result, 3);
    EXPECT_EQ(recv(b), "456789abc");
}

TEST_F(SimulatedConnection, receivers_are_served_in_order) {
    TestOperation first(Kind::recv, b);
    TestOperation second(Kind::recv, b);
    EXPECT_FALSE(driver->start(first.with_buffer(3)));
    EXPECT_FALSE(driver->start(second.with_buffer(3)));
    send(a, "abcde");
    EXPECT_EQ(first.completions, 0) << "only dispatch completes";
    EXPECT_EQ(recv(b), errno_text(EAGAIN)) << "does not overtake";
    poll();
    EXPECT_EQ(first.received(), "abc");
    EXPECT_EQ(second.received(), "de");
}

TEST_F(SimulatedConnection, readiness_is_told_and_takes_nothing) {
    TestOperation readable(Kind::readable, b);
    TestOperation writable(Kind::writable, b);
    EXPECT_TRUE(driver->start(writable));
    EXPECT_FALSE(driver->start(readable));
    send(a, "x");
    poll();
    EXPECT_EQ(readable.completions, 1);
    EXPECT_EQ(recv(b), "x");
    EXPECT_FALSE(driver->start(readable));
    driver->close(*a);
    poll();
    EXPECT_EQ(readable.completions, 2) << "an end of stream is readable";
}

TEST_F(SimulatedConnection, half_close_ends_one_direction) {
    send(a, "last");
    EXPECT_EQ(driver->shutdown_write(*a), 0);
    EXPECT_EQ(driver->shutdown_write(*a), 0);
    EXPECT_EQ(send(a, "x"), -EPIPE);
    EXPECT_EQ(recv(b), "last");
    EXPECT_EQ(recv(b), "EOF");
    EXPECT_EQ(send(b, "answer"), 6);
    EXPECT_EQ(recv(a), "answer");
    EXPECT_EQ(driver->shutdown_write(*open()), -ENOTCONN);
}

TEST_F(SimulatedConnection, close_ends_the_stream_after_the_data) {
    send(a, "last");
    driver->close(*a);
    EXPECT_TRUE(a->closed());
    driver->close(*a);
    EXPECT_EQ(recv(b), "last");
    EXPECT_EQ(recv(b), "EOF");
    EXPECT_EQ(send(b, "lost"), 4) << "TCP learns only from the answer that the other side is gone";
    EXPECT_EQ(send(b, "x"), -EPIPE);
    EXPECT_EQ(recv(b), "EOF");
}

TEST_F(SimulatedConnection, close_with_unread_data_resets) {
    send(a, "for b");
    send(b, "unread");
    driver->close(*a);
    EXPECT_EQ(recv(b), "for b");
    EXPECT_EQ(recv(b), errno_text(ECONNRESET));
    EXPECT_EQ(recv(b), "EOF") << "the error is told once";
    EXPECT_EQ(send(b, "x"), -EPIPE);
}

TEST_F(SimulatedConnection, abort_resets) {
    driver->abort(*a);
    EXPECT_EQ(send(b, "x"), -ECONNRESET);
    EXPECT_EQ(send(b, "x"), -EPIPE);
    EXPECT_EQ(recv(b), "EOF");
}

TEST_F(SimulatedConnection, the_peers_end_wakes_who_waits) {
    restart({.buffer_size = 1});
    send(b, "x");
    std::string data = "y";
    TestOperation receiver(Kind::recv, b);
    TestOperation sender(Kind::send, b);
    EXPECT_FALSE(driver->start(receiver.with_buffer(1)));
    EXPECT_FALSE(driver->start(sender.with_data(data)));
    driver->close(*a);
    poll();
    EXPECT_EQ(receiver.result, -ECONNRESET);
    EXPECT_EQ(sender.result, -EPIPE);
}

TEST_F(SimulatedConnection, closing_completes_pending_operations_in_the_next_dispatch) {
    restart({.buffer_size = 1});
    send(a, "x");
    std::string data = "y";
    TestOperation receiver(Kind::recv, a);
    TestOperation sender(Kind::send, a);
    TestOperation cancelled(Kind::recv, a);
    driver->start(receiver.with_buffer(1));
    driver->start(sender.with_data(data));
    driver->start(cancelled.with_buffer(1));
    driver->close(*a);
    EXPECT_EQ(receiver.completions, 0);
    EXPECT_TRUE(driver->cancel(cancelled));
    EXPECT_TRUE(driver->may_block_for_ever());
    poll();
    EXPECT_EQ(receiver.result, -EBADF);
    EXPECT_EQ(sender.result, -EBADF);
    EXPECT_EQ(cancelled.completions, 0);
    EXPECT_TRUE(driver->start(receiver)) << "closed";
    EXPECT_EQ(receiver.result, -EBADF);
    EXPECT_EQ(recv(a), errno_text(EBADF));
    EXPECT_EQ(send(a, "x"), -EBADF);
}

TEST_F(SimulatedConnection, a_cancelled_operation_takes_nothing) {
    TestOperation first(Kind::recv, b);
    TestOperation second(Kind::recv, b);
    driver->start(first.with_buffer(10));
    driver->start(second.with_buffer(10));
    send(a, "data");
    EXPECT_TRUE(driver->cancel(first));
    poll();
    EXPECT_EQ(first.completions, 0);
    EXPECT_EQ(second.received(), "data");
}

TEST_F(SimulatedConnection, dropping_the_last_reference_closes) {
    a = nullptr;
    EXPECT_EQ(recv(b), "EOF");
}

TEST_F(SimulatedConnection, latency_delays_data_and_its_end_in_virtual_time) {
    restart({.latency = 10ms});
    TestOperation receiver(Kind::recv, b);
    driver->start(receiver.with_buffer(10));
    send(a, "one");
    driver->wait(driver->now() + 4ms);
    send(a, "two");
    driver->close(*a);
    poll_until(Clock::time_point::max());
    EXPECT_EQ(driver->now(), Clock::time_point(1000s + 10ms));
    EXPECT_EQ(receiver.received(), "one");
    EXPECT_EQ(recv(b), errno_text(EAGAIN));
    poll_until(Clock::time_point::max());
    EXPECT_EQ(driver->now(), Clock::time_point(1000s + 14ms));
    EXPECT_EQ(recv(b), "two");
    EXPECT_EQ(recv(b), "EOF");
    EXPECT_FALSE(driver->may_block_for_ever());
}

TEST_F(SimulatedConnection, descriptors_complete_in_the_order_of_their_events_with_seed_0) {
    std::vector<DescriptorPtr> senders(10);
    std::vector<DescriptorPtr> receivers(10);
    std::vector<std::unique_ptr<TestOperation>> operations;
    std::vector<int> log;
    for (int i = 0; i < 10; ++i) {
        driver->socket_pair(senders[i], receivers[i]);
        operations.push_back(std::make_unique<TestOperation>(Kind::recv, receivers[i]));
        operations[i]->log = &log;
        operations[i]->label = i;
        driver->start(operations[i]->with_buffer(1));
    }
    for (int i = 9; i >= 0; --i) send(senders[i], "x");
    poll();
    EXPECT_EQ(log, (std::vector{9, 8, 7, 6, 5, 4, 3, 2, 1, 0}));
}

/// The order in which ten descriptors, all ready, complete under a seed, and how the bytes were cut.
class SimulatedSeed : public SimulatedNetwork {
public:
    std::vector<int> order(std::uint64_t seed) {
        use({.seed = seed});
        std::vector<DescriptorPtr> senders(10);
        std::vector<DescriptorPtr> receivers(10);
        std::vector<std::unique_ptr<TestOperation>> operations;
        std::vector<int> log;
        for (int i = 0; i < 10; ++i) {
            driver->socket_pair(senders[i], receivers[i]);
            operations.push_back(std::make_unique<TestOperation>(Kind::recv, receivers[i]));
            operations[i]->log = &log;
            operations[i]->label = i;
            driver->start(operations[i]->with_buffer(1));
            send(senders[i], "x");
        }
        driver->wait(driver->now() + 1s);  // whatever latency the seed has chosen
        while (driver->may_block_for_ever()) poll_until(Clock::time_point::max());
        poll();
        return log;
    }

    /// Sends the alphabet through and returns what came, with a bar after each read.
    std::string cuts(std::uint64_t seed) {
        use({.seed = seed});
        connect_pair();
        std::string_view left = "abcdefghijklmnopqrstuvwxyz";
        std::string all;
        while (all.find('z') == std::string::npos) {
            if (!left.empty()) left.remove_prefix(static_cast<std::size_t>(send(a, left)));
            driver->wait(driver->now() + 1ms);
            const std::string part = recv(b);
            if (part != errno_text(EAGAIN)) all += part + "|";
        }
        return all;
    }
};

TEST_F(SimulatedSeed, varies_which_descriptor_comes_first) {
    std::set<std::vector<int>> orders;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        const auto seen = order(seed);
        EXPECT_EQ(std::set<int>(seen.begin(), seen.end()).size(), 10U) << "each completes once";
        EXPECT_EQ(seen, order(seed)) << "the same seed, the same run";
        orders.insert(seen);
    }
    EXPECT_GT(orders.size(), 10U);
}

TEST_F(SimulatedSeed, varies_where_reads_and_writes_are_cut_but_not_the_bytes) {
    EXPECT_EQ(cuts(0), "abcdefghijklmnopqrstuvwxyz|");
    std::set<std::string> all;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        std::string bytes = cuts(seed);
        all.insert(bytes);
        std::erase(bytes, '|');
        EXPECT_EQ(bytes, "abcdefghijklmnopqrstuvwxyz");
    }
    EXPECT_GT(all.size(), 15U);
}

}  // namespace
