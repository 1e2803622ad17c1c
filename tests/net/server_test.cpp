#include "stream_pair.hpp"
#include "support/loops.hpp"
#include "support/reports.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using asyncio::Coro;
using support::settle;

class ServerTest : public support::OnEachDriver {};
ASYNCIO_ON_EACH_DRIVER_AND_EAGER(ServerTest);

namespace {

Coro<> until_eof(asyncio::StreamReader reader, asyncio::StreamWriter writer) {
    static_cast<void>(co_await reader.read());
    writer.close();
}

auto serve_quietly(asyncio::ServerOptions options = {}) {
    return asyncio::start_server(until_eof, "127.0.0.1", 0, options);
}

Coro<> wait_for_end(asyncio::Server server) {
    co_await server.wait_closed();
}

}  // namespace

TEST_P(ServerTest, STREAM_2_options_are_checked) {
    EXPECT_THROW(static_cast<void>(serve_quietly({.limit = 0})), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(serve_quietly({.backlog = 0})), std::invalid_argument);
}

TEST_P(ServerTest, STREAM_3_callback_that_throws_is_reported_and_its_connection_closed) {
    support::Reports reports(loop);
    run([]() -> Coro<> {
        const auto fail = [](asyncio::StreamReader, asyncio::StreamWriter) -> Coro<> {
            co_await asyncio::sleep(0ms);
            throw std::runtime_error("no");
        };
        auto server = co_await asyncio::start_server(fail, "127.0.0.1", 0);
        auto [reader, writer] = co_await asyncio::open_connection("127.0.0.1", server.port());
        EXPECT_EQ(co_await reader.read(), "");
        server.close();
        co_await server.wait_closed();
    });
    ASSERT_EQ(reports.messages(), std::vector<std::string>{"Unhandled exception in client_connected_cb"});
    EXPECT_THROW(std::rethrow_exception(reports.contexts()[0].exception), std::runtime_error);
    EXPECT_NE(reports.contexts()[0].transport, "");
}

TEST_P(ServerTest, STREAM_4_cancelled_callback_closes_silently) {
    support::Reports reports(loop);
    run([]() -> Coro<> {
        std::vector<asyncio::StreamWriter> kept;
        const auto cancel_itself = [&kept](asyncio::StreamReader, asyncio::StreamWriter writer) -> Coro<> {
            kept.push_back(writer);
            throw asyncio::CancelledError();
            co_return;
        };
        auto server = co_await asyncio::start_server(cancel_itself, "127.0.0.1", 0);
        auto [reader, writer] = co_await asyncio::open_connection("127.0.0.1", server.port());
        EXPECT_EQ(co_await reader.read(), "");
        server.close();
        co_await server.wait_closed();
    });
    EXPECT_TRUE(reports.messages().empty());
}

TEST_P(ServerTest, STREAM_5_plain_callback_that_throws_is_reported_and_its_connection_closed) {
    support::Reports reports(loop);
    run([]() -> Coro<> {
        std::vector<asyncio::StreamWriter> kept;
        const auto fail = [&kept](asyncio::StreamReader, asyncio::StreamWriter writer) {
            kept.push_back(writer);
            throw std::runtime_error("no");
        };
        auto server = co_await asyncio::start_server(fail, "127.0.0.1", 0);
        auto [reader, writer] = co_await asyncio::open_connection("127.0.0.1", server.port());
        EXPECT_EQ(co_await reader.read(), "");
        server.close();
    });
    EXPECT_EQ(reports.messages(), std::vector<std::string>{"Unhandled exception in client_connected_cb"});
}

TEST_P(ServerTest, STREAM_5_interrupts_of_a_plain_callback_leave_the_loop_and_the_server_goes_on) {
    support::Reports reports(loop);
    int calls = 0;
    const auto interrupt = [&calls](asyncio::StreamReader, asyncio::StreamWriter) {
        ++calls;
        if (calls == 1) throw asyncio::SystemExit(7);
        if (calls == 2) throw asyncio::KeyboardInterrupt();
    };
    auto server = run([&] { return asyncio::start_server(interrupt, "127.0.0.1", 0); });
    const auto connect = [&server]() -> Coro<> {
        auto [reader, writer] = co_await asyncio::open_connection("127.0.0.1", server.port());
        EXPECT_EQ(co_await reader.read(), "");
    };
    EXPECT_THROW(run(connect), asyncio::SystemExit);
    EXPECT_THROW(run(connect), asyncio::KeyboardInterrupt);
    run(connect);
    EXPECT_EQ(calls, 3);
    EXPECT_TRUE(reports.messages().empty());
    server.close();
}

TEST_P(ServerTest, SERVER_5_serves_when_told_to) {
    run([]() -> Coro<> {
        auto server = co_await serve_quietly({.start_serving = false});
        EXPECT_FALSE(server.is_serving());
        EXPECT_THROW(static_cast<void>(co_await asyncio::open_connection("127.0.0.1", server.port())),
                     asyncio::ConnectionRefusedError);
        co_await server.start_serving();
        co_await server.start_serving();
        EXPECT_TRUE(server.is_serving());
        auto client = co_await asyncio::open_connection("127.0.0.1", server.port());
        server.close();
        EXPECT_THROW(co_await server.start_serving(), asyncio::RuntimeError);
        EXPECT_THROW(co_await server.serve_forever(), asyncio::RuntimeError);
    });
}

TEST_P(ServerTest, SERVER_7_close_refuses_new_connections_and_leaves_the_others) {
    run([]() -> Coro<> {
        const auto echo = [](asyncio::StreamReader reader, asyncio::StreamWriter writer) -> Coro<> {
            while (auto line = co_await reader.next()) writer.write(*line);
        };
        auto server = co_await asyncio::start_server(echo, "127.0.0.1", 0);
        const auto port = server.port();
        auto [reader, writer] = co_await asyncio::open_connection("127.0.0.1", port);
        co_await settle();
        server.close();
        server.close();
        EXPECT_FALSE(server.is_serving());
        EXPECT_TRUE(server.sockets().empty());
        EXPECT_THROW(static_cast<void>(co_await asyncio::open_connection("127.0.0.1", port)),
                     asyncio::ConnectionRefusedError);
        writer.write("still here\n");
        EXPECT_EQ(co_await reader.readline(), "still here\n");
    });
}

TEST_P(ServerTest, SERVER_8_wait_closed_waits_for_close_and_for_the_last_connection) {
    run([]() -> Coro<> {
        auto server = co_await serve_quietly();
        auto [reader, writer] = co_await asyncio::open_connection("127.0.0.1", server.port());
        co_await settle();
        auto gone = asyncio::create_task(wait_for_end(server));
        auto cancelled = asyncio::create_task(wait_for_end(server));
        co_await settle();
        EXPECT_FALSE(gone.done());
        cancelled.cancel();
        server.close();
        co_await settle();
        EXPECT_TRUE(cancelled.cancelled());
        EXPECT_FALSE(gone.done());
        writer.close();
        co_await gone;
        co_await server.wait_closed();
    });
}

TEST_P(ServerTest, SERVER_8_connection_gone_before_close) {
    run([]() -> Coro<> {
        auto server = co_await serve_quietly();
        auto gone = asyncio::create_task(wait_for_end(server));
        auto [reader, writer] = co_await asyncio::open_connection("127.0.0.1", server.port());
        writer.close();
        co_await settle();
        EXPECT_FALSE(gone.done());
        server.close();
        co_await gone;
    });
}

TEST_P(ServerTest, SERVER_9_one_serve_forever_at_a_time_and_close_cancels_it) {
    run([]() -> Coro<> {
        auto server = co_await serve_quietly({.start_serving = false});
        auto serving = asyncio::create_task(server.serve_forever());
        co_await settle();
        EXPECT_TRUE(server.is_serving());
        EXPECT_THROW(co_await server.serve_forever(), asyncio::RuntimeError);
        server.close();
        EXPECT_THROW(co_await serving, asyncio::CancelledError);
        EXPECT_TRUE(serving.cancelled());
    });
}

TEST_P(ServerTest, SERVER_10_cancelled_serve_forever_waits_for_the_last_client) {
    run([]() -> Coro<> {
        auto server = co_await serve_quietly();
        auto [reader, writer] = co_await asyncio::open_connection("127.0.0.1", server.port());
        auto serving = asyncio::create_task(server.serve_forever());
        co_await settle();
        serving.cancel();
        co_await settle();
        EXPECT_FALSE(serving.done());
        EXPECT_TRUE(server.sockets().empty());
        writer.close();
        EXPECT_THROW(co_await serving, asyncio::CancelledError);
    });
}

TEST_P(ServerTest, SERVER_11_close_clients_and_abort_clients_leave_the_listener) {
    run([]() -> Coro<> {
        auto server = co_await serve_quietly();
        for (const bool abort : {false, true}) {
            auto first = co_await asyncio::open_connection("127.0.0.1", server.port());
            auto second = co_await asyncio::open_connection("127.0.0.1", server.port());
            co_await settle();
            abort ? server.abort_clients() : server.close_clients();
            EXPECT_EQ(co_await first.first.read(), "");
            EXPECT_EQ(co_await second.first.read(), "");
        }
        EXPECT_TRUE(server.is_serving());
        server.close();
        co_await server.wait_closed();
    });
}

TEST_P(ServerTest, SERVER_13_async_with_closes_and_waits) {
    run([]() -> Coro<> {
        auto server = co_await serve_quietly();
        const auto body = [](asyncio::Server& served) -> Coro<> {
            auto client = co_await asyncio::open_connection("127.0.0.1", served.port());
            client.second.close();
        };
        co_await asyncio::async_with(server, body);
        EXPECT_FALSE(server.is_serving());
    });
}

TEST_P(ServerTest, STREAM_10_connections_come_in_order) {
    run([]() -> Coro<> {
        std::string order;
        const auto note = [&order](asyncio::StreamReader reader, asyncio::StreamWriter) -> Coro<> {
            order += co_await reader.read(1);
        };
        auto server = co_await asyncio::start_server(note, "127.0.0.1", 0);
        std::vector<asyncio::StreamPair> clients;
        for (const char* const name : {"a", "b", "c"}) {
            clients.push_back(co_await asyncio::open_connection("127.0.0.1", server.port()));
            clients.back().second.write(std::string_view(name));
        }
        co_await settle();
        EXPECT_EQ(order, "abc");
    });
}
