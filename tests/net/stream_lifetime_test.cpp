#include "stream_pair.hpp"
#include "support/lives.hpp"
#include "support/loops.hpp"
#include "support/reports.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/testing/captured_log.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>

using namespace std::chrono_literals;
using asyncio::Coro;
using support::connect_pair;
using support::settle;

/// Under AddressSanitizer these also show that nothing leaks and nothing is used after its end.
class StreamLifetime : public support::OnEachDriver {};
ASYNCIO_ON_EACH_DRIVER_AND_EAGER(StreamLifetime);

TEST_P(StreamLifetime, STREAM_6_dropping_the_last_writer_closes) {
    run([]() -> Coro<> {
        std::optional<support::StreamPair> pair(co_await connect_pair());
        const auto peer = pair->peer_reader;
        const auto peer_writer = pair->peer_writer;
        auto reader = peer;
        {
            const asyncio::StreamWriter copy = pair->writer;
            pair.reset();
            auto read = asyncio::create_task(reader.read(1));
            co_await settle();
            EXPECT_FALSE(read.done());  // a copy still holds it open
            read.cancel();
            co_await support::ended(read);
        }
        EXPECT_EQ(co_await reader.read(1), "");
    });
}

TEST_P(StreamLifetime, STREAM_6_warns_in_debug_mode) {
    loop.set_debug(true);
    const asyncio::testing::CapturedLog log;
    run([]() -> Coro<> { static_cast<void>(co_await connect_pair()); });
    EXPECT_TRUE(log.contains("StreamWriter"));
}

TEST_P(StreamLifetime, STREAM_6_what_a_dropped_writer_has_left_is_still_sent) {
    run([]() -> Coro<> {
        std::optional<support::StreamPair> pair(co_await connect_pair());
        auto peer = pair->peer_reader;
        const auto peer_writer = pair->peer_writer;
        const std::string much(8 << 20, 'm');
        pair->writer.write(much);
        EXPECT_GT(pair->writer.get_write_buffer_size(), 0U);
        pair.reset();  // from here on only the driver knows the connection
        EXPECT_EQ((co_await peer.read()).size(), much.size());
    });
}

TEST_P(StreamLifetime, loop_is_closed_while_a_dropped_writer_flushes) {
    auto pair = std::optional(run(connect_pair()));
    auto peer_writer = pair->peer_writer;
    pair->writer.write(std::string(8 << 20, 'm'));
    pair.reset();
    loop.close();
}

TEST_P(StreamLifetime, loop_is_closed_with_tasks_in_every_wait) {
    support::Lives lives;
    support::Reports reports(loop);
    auto pair = std::optional(run(connect_pair()));
    auto drained = std::optional(run(connect_pair()));
    auto server = std::optional<asyncio::Server>();
    const auto wait = [&](auto make) {
        loop.create_task([make, life = lives.one()]() mutable -> Coro<> {
            const auto in_frame = life;
            co_await make();
        });
    };
    wait([&] { return pair->reader.read(1); });
    wait([&] { return pair->peer_reader.readline(); });
    wait([&]() -> Coro<> {
        drained->writer.write(std::string(8 << 20, 'm'));
        co_await drained->writer.drain();
    });
    wait([&]() -> Coro<> { co_await pair->writer.wait_closed(); });
    wait([&]() -> Coro<> {
        server = co_await asyncio::start_server([](auto, auto) -> Coro<> { co_await settle(); }, "127.0.0.1", 0);
        co_await server->serve_forever();
    });
    run(settle());
    EXPECT_GT(lives.now(), 0);
    loop.close();
    EXPECT_EQ(lives.now(), 0);
}

TEST_P(StreamLifetime, loop_is_closed_with_a_client_in_the_servers_hands) {
    support::Lives lives;
    support::Reports reports(loop);
    run([&]() -> Coro<> {
        const auto serve = [life = lives.one()](asyncio::StreamReader reader, asyncio::StreamWriter) -> Coro<> {
            co_await reader.read(1);
        };
        auto server = co_await asyncio::start_server(serve, "127.0.0.1", 0);
        auto client = co_await asyncio::open_connection("127.0.0.1", server.port());
        co_await settle();
        static_cast<void>(std::move(client));
    });
    run([&]() -> Coro<> {
        const auto serve = [life = lives.one()](asyncio::StreamReader reader, asyncio::StreamWriter) -> Coro<> {
            co_await reader.read(1);
        };
        auto server = co_await asyncio::start_server(serve, "127.0.0.1", 0);
        auto client = co_await asyncio::open_connection("127.0.0.1", server.port());
        co_await settle();
        loop.call_soon([kept = client] {});
    });
    loop.close();
    EXPECT_EQ(lives.now(), 0);
}

TEST_P(StreamLifetime, STREAM_2_a_callbacks_captures_outlive_server_and_connection) {
    run([]() -> Coro<> {
        auto done = asyncio::get_running_loop().create_future<std::string>();
        {
            const auto serve = [done, text = std::string(100, 't')](asyncio::StreamReader,
                                                                    asyncio::StreamWriter writer) mutable -> Coro<> {
                writer.close();
                co_await writer.wait_closed();
                co_await asyncio::sleep(20ms);
                done.set_result(text);
            };
            auto server = co_await asyncio::start_server(serve, "127.0.0.1", 0);
            auto client = co_await asyncio::open_connection("127.0.0.1", server.port());
            EXPECT_EQ(co_await client.first.read(1), "");
            server.close();
            co_await server.wait_closed();
        }
        EXPECT_EQ(co_await done, std::string(100, 't'));
    });
}

TEST_P(StreamLifetime, handles_outlive_the_loop) {
    auto pair = run(connect_pair());
    auto server = run(
        []() -> Coro<asyncio::Server> { co_return co_await asyncio::start_server([](auto, auto) {}, "127.0.0.1", 0); });
    loop.close();
    EXPECT_TRUE(server.sockets().empty());
    server.close();
    pair.writer.abort();
    EXPECT_TRUE(pair.writer.is_closing());
}

TEST(StreamDescriptors, IO_4_every_way_out_closes_what_it_opened) {
    const auto before = support::open_descriptors();
    asyncio::run([]() -> Coro<> {
        const auto start = support::open_descriptors();
        {
            auto closed = co_await connect_pair();
            closed.writer.close();
            auto aborted = co_await connect_pair();
            aborted.writer.abort();
            auto dropped = co_await connect_pair();
            auto server = co_await asyncio::start_server([](auto, auto) {}, "127.0.0.1", 0);
            const auto port = server.port();
            auto unaccepted = asyncio::create_task(asyncio::open_connection("127.0.0.1", port));
            co_await asyncio::sleep(0ms);
            unaccepted.cancel();
            co_await support::ended(unaccepted);
            server.close();
            EXPECT_THROW(static_cast<void>(co_await asyncio::open_connection("127.0.0.1", port)),
                         asyncio::ConnectionRefusedError);
        }
        co_await settle();
        EXPECT_EQ(support::open_descriptors(), start);
    });
    EXPECT_EQ(support::open_descriptors(), before);
}
