#include "stream_pair.hpp"
#include "support/loops.hpp"
#include "support/ticks.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/testing/captured_log.hpp>

#include <gtest/gtest.h>

#include <array>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using asyncio::Coro;
using support::connect_pair;
using support::settle;

namespace {

/// More than the buffers of both kernels' sides take.
const std::string much(16 << 20, 'm');

Coro<std::size_t> count_to_the_end(asyncio::StreamReader reader) {
    std::size_t count = 0;
    for (;;) {
        const std::size_t size = (co_await reader.read(1 << 20)).size();
        if (size == 0) co_return count;
        count += size;
    }
}

}  // namespace

class StreamWriterTest : public support::OnEachDriver {};
ASYNCIO_ON_EACH_DRIVER_AND_EAGER(StreamWriterTest);

TEST_P(StreamWriterTest, WRITER_1_order_is_kept_across_the_buffer) {
    run([]() -> Coro<> {
        auto pair = co_await connect_pair();
        pair.writer.write("");
        std::string expected;
        for (int i = 0; i < 200; ++i) {
            const std::string part(static_cast<std::size_t>(i) * 500, static_cast<char>('a' + i % 26));
            expected += part;
            pair.writer.write(part);
        }
        EXPECT_GT(pair.writer.get_write_buffer_size(), 0U);
        pair.writer.close();
        EXPECT_EQ(co_await pair.peer_reader.read(), expected);
    });
}

TEST_P(StreamWriterTest, WRITER_2_writelines_in_order_and_counted) {
    run([]() -> Coro<> {
        auto pair = co_await connect_pair();
        const std::vector<std::string> none;
        pair.writer.writelines(none);
        const std::array<std::string_view, 3> lines{"a\n", "b\n", "c\n"};
        pair.writer.writelines(lines);
        EXPECT_EQ(co_await pair.peer_reader.readexactly(6), "a\nb\nc\n");

        const std::vector<std::string> big(16, std::string(1 << 20, 'x'));
        pair.writer.writelines(big);
        auto drain = asyncio::create_task([&]() -> Coro<> { co_await pair.writer.drain(); });
        co_await settle();
        EXPECT_FALSE(drain.done());
        co_await pair.peer_reader.readexactly(16 << 20);
        co_await drain;
    });
}

TEST_P(StreamWriterTest, WRITER_3_drain_below_the_mark_does_not_yield) {
    run([this]() -> Coro<> {
        auto pair = co_await connect_pair();
        support::Ticks ticks(loop);
        co_await asyncio::sleep(0ms);
        const int before = ticks.now();
        pair.writer.write("x");
        co_await pair.writer.drain();
        EXPECT_EQ(ticks.now(), before);
    });
}

TEST_P(StreamWriterTest, WRITER_3_several_drains_wait_for_the_low_mark) {
    run([]() -> Coro<> {
        auto pair = co_await connect_pair();
        pair.writer.set_write_buffer_limits({.high = 1000, .low = 10});
        EXPECT_EQ(pair.writer.get_write_buffer_limits(), std::make_pair(std::size_t{10}, std::size_t{1000}));
        pair.writer.write(much);
        const auto drain = [&]() -> Coro<> {
            co_await pair.writer.drain();
            EXPECT_LE(pair.writer.get_write_buffer_size(), 10U);
        };
        auto first = asyncio::create_task(drain);
        auto second = asyncio::create_task(drain);
        co_await settle();
        EXPECT_FALSE(first.done());
        auto all = asyncio::create_task(pair.peer_reader.readexactly(much.size()));
        co_await first;
        co_await second;
        EXPECT_EQ((co_await all).size(), much.size());
    });
}

TEST_P(StreamWriterTest, WRITER_4_drain_throws_what_broke_the_connection) {
    run([]() -> Coro<> {
        auto pair = co_await connect_pair();
        pair.peer_writer.write("never read");
        pair.writer.write("never read either");
        co_await settle();
        pair.peer_writer.abort();  // with unread data: a reset
        co_await settle();
        const auto write_until_it_fails = [&]() -> Coro<> {
            for (int i = 0; i < 100; ++i) {
                pair.writer.write("x");
                co_await pair.writer.drain();
                co_await asyncio::sleep(1ms);
            }
        };
        EXPECT_THROW(co_await write_until_it_fails(), std::system_error);
        EXPECT_TRUE(pair.writer.is_closing());
        EXPECT_THROW(co_await pair.writer.drain(), std::system_error);
        EXPECT_THROW(co_await pair.writer.wait_closed(), std::system_error);
        EXPECT_THROW(co_await pair.writer.wait_closed(), std::system_error);
    });
}

TEST_P(StreamWriterTest, WRITER_4_loop_of_write_and_drain_sees_the_own_close) {
    run([]() -> Coro<> {
        auto pair = co_await connect_pair();
        pair.writer.close();
        const auto forever = [&]() -> Coro<> {
            for (;;) {
                pair.writer.write("x");
                co_await pair.writer.drain();
            }
        };
        EXPECT_THROW(co_await forever(), asyncio::ConnectionResetError);
    });
}

TEST_P(StreamWriterTest, READER_16_a_reset_is_thrown_by_every_read_and_ends_the_connection) {
    run([]() -> Coro<> {
        auto pair = co_await connect_pair();
        pair.writer.write("unread");
        auto pending = asyncio::create_task(pair.reader.readline());
        co_await settle();
        pair.peer_writer.abort();
        EXPECT_THROW(static_cast<void>(co_await pending), asyncio::ConnectionResetError);
        EXPECT_THROW(static_cast<void>(co_await pair.reader.read(1)), asyncio::ConnectionResetError);
        EXPECT_THROW(static_cast<void>(co_await pair.reader.readexactly(0)), asyncio::ConnectionResetError);
        EXPECT_TRUE(pair.reader.exception());
        EXPECT_TRUE(pair.writer.is_closing());
        EXPECT_THROW(co_await pair.writer.wait_closed(), asyncio::ConnectionResetError);
    });
}

TEST_P(StreamWriterTest, WRITER_5_cancelled_drain_still_sends) {
    run([]() -> Coro<> {
        auto pair = co_await connect_pair();
        pair.writer.write(much);
        auto drain = asyncio::create_task([&]() -> Coro<> { co_await pair.writer.drain(); });
        co_await settle();
        drain.cancel();
        co_await support::ended(drain);
        EXPECT_TRUE(drain.cancelled());
        pair.writer.close();
        EXPECT_EQ(co_await count_to_the_end(pair.peer_reader), much.size());
    });
}

TEST_P(StreamWriterTest, WRITER_6_pending_drain_survives_close_and_abort) {
    run([]() -> Coro<> {
        auto closed = co_await connect_pair();
        auto aborted = co_await connect_pair();
        const auto drain = [](asyncio::StreamWriter writer) -> Coro<> {
            writer.write(much);
            co_await writer.drain();
        };
        auto waits = asyncio::create_task(drain(closed.writer));
        auto returns = asyncio::create_task(drain(aborted.writer));
        co_await settle();
        closed.writer.close();
        aborted.writer.abort();
        co_await returns;
        co_await settle();
        EXPECT_FALSE(waits.done());
        EXPECT_EQ(co_await count_to_the_end(closed.peer_reader), much.size());
        co_await waits;
    });
}

TEST_P(StreamWriterTest, WRITER_7_8_close_flushes_and_wait_closed_waits_for_it) {
    run([]() -> Coro<> {
        auto pair = co_await connect_pair();
        pair.writer.write(much);
        pair.writer.close();
        pair.writer.close();
        EXPECT_TRUE(pair.writer.is_closing());
        auto closed = asyncio::create_task([&]() -> Coro<> { co_await pair.writer.wait_closed(); });
        auto cancelled = asyncio::create_task([&]() -> Coro<> { co_await pair.writer.wait_closed(); });
        co_await settle();
        EXPECT_FALSE(closed.done());
        cancelled.cancel();
        co_await support::ended(cancelled);
        EXPECT_TRUE(cancelled.cancelled());
        EXPECT_EQ(co_await count_to_the_end(pair.peer_reader), much.size());
        co_await closed;
        co_await pair.writer.wait_closed();
    });
}

TEST_P(StreamWriterTest, WRITER_8_own_abort_is_no_error) {
    run([]() -> Coro<> {
        auto pair = co_await connect_pair();
        pair.writer.write(much);
        pair.writer.abort();
        co_await pair.writer.wait_closed();
        EXPECT_EQ(pair.writer.get_write_buffer_size(), 0U);
    });
}

TEST_P(StreamWriterTest, WRITER_8_an_answer_is_not_lost_though_the_question_was_not_read) {
    run([]() -> Coro<> {
        auto pair = co_await connect_pair();
        pair.writer.write("a question that nobody reads");
        co_await settle();
        pair.peer_writer.write("answer");
        pair.peer_writer.close();
        co_await settle();
        EXPECT_EQ(co_await pair.reader.read(), "answer");
    });
}

TEST_P(StreamWriterTest, WRITER_9_write_after_the_end_is_ignored_and_then_warned_about) {
    const asyncio::testing::CapturedLog log;
    run([&log]() -> Coro<> {
        auto pair = co_await connect_pair();
        pair.writer.close();
        co_await pair.writer.wait_closed();
        for (int i = 0; i < 4; ++i) pair.writer.write("x");
        EXPECT_EQ(log.text(), "");
        pair.writer.write("x");
        EXPECT_NE(log.text(), "");
    });
}

TEST_P(StreamWriterTest, WRITER_10_write_eof_after_the_buffer_and_reading_goes_on) {
    run([]() -> Coro<> {
        auto pair = co_await connect_pair();
        EXPECT_TRUE(pair.writer.can_write_eof());
        pair.writer.write(much);
        pair.writer.write_eof();
        pair.writer.write_eof();
        EXPECT_THROW(pair.writer.write("x"), asyncio::RuntimeError);
        EXPECT_EQ(co_await count_to_the_end(pair.peer_reader), much.size());
        pair.peer_writer.write("answer");
        EXPECT_EQ(co_await pair.reader.read(100), "answer");
    });
}

TEST_P(StreamWriterTest, WRITER_11_after_the_peers_half_close_writing_works) {
    run([]() -> Coro<> {
        auto pair = co_await connect_pair();
        pair.peer_writer.write_eof();
        EXPECT_EQ(co_await pair.reader.read(), "");
        pair.writer.write("still here");
        EXPECT_EQ(co_await pair.peer_reader.read(100), "still here");
    });
}

TEST_P(StreamWriterTest, WRITER_12_addresses) {
    run([]() -> Coro<> {
        auto pair = co_await connect_pair();
        EXPECT_EQ(pair.writer.peername(), pair.peer_writer.sockname());
        EXPECT_EQ(pair.writer.sockname(), pair.peer_writer.peername());
        EXPECT_EQ(pair.writer.peername().host(), "127.0.0.1");
    });
}

TEST_P(StreamWriterTest, TRANS_7_write_buffer_limits) {
    run([]() -> Coro<> {
        auto pair = co_await connect_pair();
        const auto limits = [&](asyncio::WriteBufferLimits wanted) {
            pair.writer.set_write_buffer_limits(wanted);
            return pair.writer.get_write_buffer_limits();
        };
        using Pair = std::pair<std::size_t, std::size_t>;
        EXPECT_EQ(pair.writer.get_write_buffer_limits(), Pair(16384, 65536));
        EXPECT_EQ(limits({.low = 10}), Pair(10, 40));
        EXPECT_EQ(limits({.high = 400}), Pair(100, 400));
        EXPECT_EQ(limits({.high = 0}), Pair(0, 0));
        EXPECT_THROW(limits({.high = 1, .low = 2}), std::invalid_argument);
    });
}
