#include "../../examples/foreign_loop/poll_driver.hpp"
#include "stream_pair.hpp"
#include "support/loops.hpp"
#include "support/reports.hpp"

#include <asyncio/testing/fault_plan.hpp>

#include <gtest/gtest.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using asyncio::Coro;
using asyncio::testing::FaultPlan;
using asyncio::testing::SystemCall;
using support::connect_pair;
using support::settle;

/// What happens to streams when the system fails, interrupts or does less than it was asked for.
class ConnectionFaults : public support::OnEachDriver {};
ASYNCIO_ON_EACH_DRIVER_AND_EAGER(ConnectionFaults);

namespace {

/// Ends `closing` so that `peer` gets ECONNRESET: bytes that were never read do that on both drivers.
Coro<> reset(asyncio::StreamWriter& peer, asyncio::StreamWriter& closing) {
    peer.write("never read");
    co_await settle();
    closing.abort();
    co_await settle();
}

}  // namespace

TEST_P(ConnectionFaults, READER_16_reset_is_thrown_by_the_waiting_read_and_by_every_later_one) {
    run([]() -> Coro<> {
        auto pair = co_await connect_pair();
        pair.peer_writer.write("a\nrest");
        EXPECT_EQ(co_await pair.reader.readline(), "a\n");
        EXPECT_EQ(pair.reader.buffered(), "rest");
        auto waiting = asyncio::create_task(pair.reader.readexactly(100));
        co_await reset(pair.writer, pair.peer_writer);
        EXPECT_THROW(static_cast<void>(co_await waiting), asyncio::ConnectionResetError);
        EXPECT_THROW(static_cast<void>(co_await pair.reader.read(1)), asyncio::ConnectionResetError);
        EXPECT_THROW(static_cast<void>(co_await pair.reader.read(0)), asyncio::ConnectionResetError);
    });
}

TEST_P(ConnectionFaults, a_read_that_cannot_be_watched_fails_alone) {
    if (simulated()) GTEST_SKIP() << "has no system calls";
    run([]() -> Coro<> {
        auto pair = co_await connect_pair();
        {
            FaultPlan plan;
            plan.fail(SystemCall::epoll_ctl, ENOSPC);
            auto read = asyncio::create_task(pair.peer_reader.read(1));
            co_await settle();
            if (!read.done()) {  // it was watched already, or this loop does not ask for it
                read.cancel();
                co_await settle();
                co_return;
            }
            EXPECT_THROW(static_cast<void>(read.result()), std::system_error);
        }
        pair.writer.write("x");
        EXPECT_EQ(co_await pair.peer_reader.read(1), "x");
    });
}

TEST_P(ConnectionFaults, READER_16_reset_closes_the_connection) {
    run([]() -> Coro<> {
        auto pair = co_await connect_pair();
        co_await reset(pair.writer, pair.peer_writer);
        EXPECT_THROW(static_cast<void>(co_await pair.reader.read(1)), asyncio::ConnectionResetError);
        EXPECT_TRUE(pair.writer.is_closing());
        EXPECT_THROW(co_await pair.writer.wait_closed(), asyncio::ConnectionResetError);
        EXPECT_THROW(co_await pair.writer.wait_closed(), asyncio::ConnectionResetError);
        pair.writer.write("ignored");
    });
}

TEST_P(ConnectionFaults, WRITER_4_reset_is_thrown_by_every_waiting_drain) {
    run([]() -> Coro<> {
        auto pair = co_await connect_pair();
        pair.writer.write(std::string(8 << 20, 'x'));
        const auto drain = [](asyncio::StreamWriter writer) -> Coro<> { co_await writer.drain(); };
        auto first = asyncio::create_task(drain(pair.writer));
        auto second = asyncio::create_task(drain(pair.writer));
        co_await settle();
        EXPECT_FALSE(first.done());
        pair.peer_writer.abort();
        EXPECT_THROW(co_await first, std::system_error);
        EXPECT_THROW(co_await second, std::system_error);
        EXPECT_TRUE(pair.writer.is_closing());
    });
}

TEST_P(ConnectionFaults, WRITER_4_a_failing_read_wakes_the_drain) {
    run([]() -> Coro<> {
        auto pair = co_await connect_pair();
        pair.writer.write(std::string(8 << 20, 'x'));
        const auto drain = [](asyncio::StreamWriter writer) -> Coro<> { co_await writer.drain(); };
        auto drained = asyncio::create_task(drain(pair.writer));
        pair.peer_writer.write("never received");
        co_await settle();
        {
            FaultPlan plan;
            plan.fail(SystemCall::recv, ECONNRESET);
            EXPECT_THROW(static_cast<void>(co_await pair.reader.read(1)), asyncio::ConnectionResetError);
        }
        EXPECT_THROW(co_await drained, asyncio::ConnectionResetError);
        EXPECT_EQ(pair.writer.get_write_buffer_size(), 0U);
    });
}

TEST_P(ConnectionFaults, WRITER_9_writes_after_a_loss_are_ignored) {
    run([]() -> Coro<> {
        auto pair = co_await connect_pair();
        FaultPlan plan;
        plan.fail(SystemCall::send, EPIPE, {.nth = 1});
        pair.writer.write("lost");
        for (int i = 0; i < 10; ++i) pair.writer.write("ignored");
        EXPECT_EQ(plan.seen(SystemCall::send), 1U);
        EXPECT_THROW(co_await pair.writer.drain(), asyncio::BrokenPipeError);
    });
}

TEST_P(ConnectionFaults, IO_2_short_and_interrupted_calls_change_nothing) {
    run([]() -> Coro<> {
        std::string text;
        for (int i = 0; i < 200; ++i) text += "line " + std::to_string(i) + "\n";
        for (std::size_t size = 1; size < 40; size += 3) {
            auto pair = co_await connect_pair();
            FaultPlan plan(size);
            plan.fail(SystemCall::recv, EINTR, {.one_in = 3}).fail(SystemCall::send, EINTR, {.one_in = 3});
            plan.shorten(SystemCall::recv, size).shorten(SystemCall::send, size);
            pair.writer.write(text);
            pair.writer.write_eof();
            std::string received;
            while (auto line = co_await pair.peer_reader.next()) received += *line;
            EXPECT_EQ(received, text);
            EXPECT_GT(plan.injected(), 0U);
        }
    });
}

TEST_P(ConnectionFaults, IO_2_one_short_call_at_every_position) {
    run([]() -> Coro<> {
        for (std::uint64_t position = 1; position <= 8; ++position) {
            auto pair = co_await connect_pair();
            FaultPlan plan;
            plan.shorten(SystemCall::recv, 1, {.nth = position}).shorten(SystemCall::send, 1, {.nth = position});
            std::string received;
            for (int i = 0; i < 4; ++i) {
                pair.writer.write("abcd");
                received += co_await pair.peer_reader.readexactly(4);
            }
            EXPECT_EQ(received, "abcdabcdabcdabcd");
        }
    });
}

TEST_P(ConnectionFaults, SERVER_6_out_of_descriptors_pauses_for_a_second) {
    if (!simulated()) GTEST_SKIP() << "the pause needs the virtual clock";
    support::Reports reports(loop);
    run([&]() -> Coro<> {
        const auto echo = [](asyncio::StreamReader reader, asyncio::StreamWriter writer) -> Coro<> {
            writer.write(co_await reader.read(100));
        };
        auto server = co_await asyncio::start_server(echo, "127.0.0.1", 0);
        for (const int error : {EMFILE, ENFILE, ENOBUFS, ENOMEM}) {
            FaultPlan plan;
            plan.fail(SystemCall::accept, error, {.nth = 1});
            const auto start = loop.time();
            auto [reader, writer] = co_await asyncio::open_connection("127.0.0.1", server.port());
            writer.write("late");
            EXPECT_EQ(co_await reader.read(), "late");
            EXPECT_GE(loop.time() - start, 1s);
            EXPECT_LT(loop.time() - start, 1100ms);
        }
        server.close();
        co_await server.wait_closed();
    });
    ASSERT_EQ(reports.messages().size(), 4U);
    EXPECT_EQ(reports.messages().front(), "socket.accept() out of system resource");
}

TEST_P(ConnectionFaults, SERVER_6_close_while_accepting_pauses) {
    support::Reports reports(loop);
    run([]() -> Coro<> {
        auto server = co_await asyncio::start_server([](auto, auto) { FAIL(); }, "127.0.0.1", 0);
        FaultPlan plan;
        plan.fail(SystemCall::accept, EMFILE);
        auto client = co_await asyncio::open_connection("127.0.0.1", server.port());
        co_await settle();
        server.close();
        co_await server.wait_closed();
    });
    EXPECT_EQ(reports.messages().size(), 1U);
}

TEST_P(ConnectionFaults, SERVER_6_an_aborted_connection_does_not_stop_accepting) {
    support::Reports reports(loop);
    run([]() -> Coro<> {
        const auto greet = [](auto, asyncio::StreamWriter writer) { writer.write("hello"); };
        auto server = co_await asyncio::start_server(greet, "127.0.0.1", 0);
        FaultPlan plan;
        plan.fail(SystemCall::accept, ECONNABORTED, {.nth = 1});
        auto [reader, writer] = co_await asyncio::open_connection("127.0.0.1", server.port());
        EXPECT_EQ(co_await reader.read(), "hello");
        server.close();
    });
    EXPECT_TRUE(reports.messages().empty());
}

TEST_P(ConnectionFaults, IO_7_no_descriptor_for_a_client) {
    run([]() -> Coro<> {
        auto server = co_await asyncio::start_server([](auto, auto) {}, "127.0.0.1", 0);
        {
            FaultPlan plan;
            plan.fail(SystemCall::socket, EMFILE);
            EXPECT_THROW(static_cast<void>(co_await asyncio::open_connection("127.0.0.1", server.port())),
                         std::system_error);
        }
        auto [reader, writer] = co_await asyncio::open_connection("127.0.0.1", server.port());
        EXPECT_EQ(co_await reader.read(), "");
    });
}

TEST_P(ConnectionFaults, SERVER_3_failed_bind_and_listen_leave_nothing) {
    run([]() -> Coro<> {
        for (const SystemCall call : {SystemCall::socket, SystemCall::bind, SystemCall::listen}) {
            FaultPlan plan;
            plan.fail(call, EACCES);
            EXPECT_THROW(static_cast<void>(co_await asyncio::start_server([](auto, auto) {}, "127.0.0.1", 0)),
                         std::system_error);
        }
    });
}

// --- the ways to the sockets ---

namespace {

/// A user's: its sockets are tried by itself alone.
class CountingDriver final : public foreign::PollDriver {
public:
    explicit CountingDriver(int& attempts) : attempts_(attempts) {}
    std::int64_t try_recv(asyncio::Descriptor& descriptor, std::span<std::byte> buffer) noexcept override {
        ++attempts_;
        return PollDriver::try_recv(descriptor, buffer);
    }
    std::int64_t try_send(asyncio::Descriptor& descriptor, std::span<const std::byte> data) noexcept override {
        ++attempts_;
        return PollDriver::try_send(descriptor, data);
    }

private:
    int& attempts_;
};

/// Echoes; whoever is told to close something aborts the next connection but one.
Coro<> serve_together(std::size_t clients, bool close_some) {
    std::vector<asyncio::StreamWriter> served;
    const auto echo = [&](asyncio::StreamReader reader, asyncio::StreamWriter writer) -> Coro<> {
        const std::size_t number = served.size();
        served.push_back(writer);
        try {
            while (true) {
                const std::string data = co_await reader.read(100);
                if (data.empty()) break;
                if (data == "close" && number + 2 < served.size()) served[number + 2].abort();
                writer.write(data);
                co_await writer.drain();
            }
        } catch (const std::system_error&) {
            // It was aborted.
        }
        writer.close();
    };
    auto server = co_await asyncio::start_server(echo, "127.0.0.1", 0);
    std::vector<asyncio::StreamPair> connections;
    for (std::size_t i = 0; i < clients; ++i) {
        connections.push_back(co_await asyncio::open_connection("127.0.0.1", server.port()));
        while (served.size() <= i) co_await asyncio::sleep(0ms);
    }
    for (int round = 0; round < 3; ++round) {
        // All of them in one step: the server finds them ready together.
        for (auto& [reader, writer] : connections) writer.write(close_some && round == 1 ? "close" : "hello");
        std::size_t lost = 0;
        for (auto& [reader, writer] : connections) {
            std::string answer;
            try {
                answer = co_await reader.read(100);
            } catch (const std::system_error&) {
            }
            if (answer.empty()) ++lost;
        }
        if (round == 0 || !close_some) {
            EXPECT_EQ(lost, 0U) << clients;
        } else if (round == 2) {
            EXPECT_GT(lost, 0U) << clients;
        }
        EXPECT_LT(lost, clients);
    }
    for (auto& [reader, writer] : connections) writer.close();
    server.close();
    co_await server.wait_closed();
}

}  // namespace

TEST(StreamsOfAnotherDriver, it_is_asked_for_each_attempt) {
    int attempts = 0;
    asyncio::EventLoop loop(std::make_unique<CountingDriver>(attempts));
    loop.run_until_complete([&]() -> Coro<> {
        auto pair = co_await connect_pair();
        const int before = attempts;
        pair.writer.write("a");
        EXPECT_EQ(attempts, before + 1);
        EXPECT_EQ(co_await pair.peer_reader.readexactly(1), "a");
        EXPECT_GE(attempts, before + 2);
    });
    loop.close();
}

TEST_P(ConnectionFaults, many_that_are_ready_together_are_all_served) {
    // Around the number from which on a driver fetches ahead.
    for (const std::size_t clients : {1, 7, 8, 9, 10, 33}) run(serve_together(clients, false));
}

TEST_P(ConnectionFaults, of_many_that_are_ready_together_some_are_closed_by_those_before) {
    for (const std::size_t clients : {3, 7, 8, 9, 10, 33}) run(serve_together(clients, true));
}
