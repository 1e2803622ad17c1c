#include "stream_pair.hpp"
#include "support/loops.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/base/unique_fd.hpp>

#include <gtest/gtest.h>

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>

using namespace std::chrono_literals;
using asyncio::Coro;
using support::connect_pair;
using support::settle;

class StreamReaderTest : public support::OnEachDriver {};
ASYNCIO_ON_EACH_DRIVER_AND_EAGER(StreamReaderTest);

TEST_P(StreamReaderTest, READER_1_read_gives_what_is_there_and_then_the_end) {
    run([]() -> Coro<> {
        auto pair = co_await connect_pair();
        pair.peer_writer.write("abcdef");
        EXPECT_EQ(co_await pair.reader.read(4), "abcd");
        EXPECT_EQ(co_await pair.reader.read(100), "ef");
        pair.peer_writer.close();
        EXPECT_EQ(co_await pair.reader.read(100), "");
        EXPECT_TRUE(pair.reader.at_eof());
        EXPECT_EQ(co_await pair.reader.read(100), "");
    });
}

TEST_P(StreamReaderTest, a_read_is_awaited_once_as_a_coroutine_is) {
    run([]() -> Coro<> {
        auto pair = co_await connect_pair();
        pair.peer_writer.write("ab");
        auto read = pair.reader.read(1);
        EXPECT_EQ(co_await read, "a");
        EXPECT_THROW(static_cast<void>(co_await read), asyncio::RuntimeError);
        EXPECT_EQ(co_await pair.reader.read(1), "b");
    });
}

TEST_P(StreamReaderTest, READER_1_read_is_not_bounded_by_the_limit) {
    run([]() -> Coro<> {
        auto pair = co_await connect_pair(4);
        pair.peer_writer.write(std::string(1000, 'x'));
        co_await settle();
        EXPECT_EQ((co_await pair.reader.read(1000)).size(), 1000U);
    });
}

TEST_P(StreamReaderTest, READER_2_read_of_nothing_does_not_wait) {
    run([]() -> Coro<> {
        auto pair = co_await connect_pair();
        EXPECT_EQ(co_await pair.reader.read(0), "");
        std::array<std::byte, 1> none;
        EXPECT_EQ(co_await pair.reader.read_into(std::span(none).first(0)), 0U);
        EXPECT_EQ(co_await pair.reader.readexactly(0), "");
    });
}

TEST_P(StreamReaderTest, READER_3_read_to_the_end) {
    run([]() -> Coro<> {
        auto pair = co_await connect_pair();
        const std::string half(300'000, 'a');
        auto all = asyncio::create_task(pair.reader.read());
        pair.peer_writer.write(half);
        co_await settle();
        pair.peer_writer.write(half);
        pair.peer_writer.close();
        EXPECT_EQ(co_await all, half + half);
    });
}

TEST_P(StreamReaderTest, READER_3_negative_size_reads_to_the_end) {
    run([]() -> Coro<> {
        auto pair = co_await connect_pair();
        pair.peer_writer.write("one ");
        auto all = asyncio::create_task(pair.reader.read(-1));
        co_await settle();
        pair.peer_writer.write("two");
        pair.peer_writer.close();
        EXPECT_EQ(co_await all, "one two");
        EXPECT_THROW(static_cast<void>(pair.reader.readexactly(-1)), std::invalid_argument);
    });
}

TEST_P(StreamReaderTest, READER_4_readexactly_more_than_the_limit) {
    run([]() -> Coro<> {
        auto pair = co_await connect_pair(16);
        const std::string data(200'000, 'x');
        pair.peer_writer.write(data + "rest");
        EXPECT_EQ(co_await pair.reader.readexactly(data.size()), data);
        EXPECT_EQ(co_await pair.reader.read(10), "rest");
    });
}

TEST_P(StreamReaderTest, READER_4_readexactly_at_the_end_has_what_came) {
    run([]() -> Coro<> {
        auto pair = co_await connect_pair();
        pair.peer_writer.write("abc");
        pair.peer_writer.close();
        try {
            static_cast<void>(co_await pair.reader.readexactly(5));
            ADD_FAILURE() << "did not throw";
        } catch (const asyncio::IncompleteReadError& error) {
            EXPECT_EQ(error.partial(), "abc");
            EXPECT_EQ(error.expected(), 5U);
        }
        EXPECT_TRUE(pair.reader.at_eof());
    });
}

TEST_P(StreamReaderTest, READER_4_into_forms) {
    run([]() -> Coro<> {
        auto pair = co_await connect_pair();
        std::string target(8, '-');
        const auto bytes = std::as_writable_bytes(std::span(target));
        pair.peer_writer.write("abc");
        EXPECT_EQ(co_await pair.reader.read_into(bytes), 3U);
        EXPECT_EQ(target, "abc-----");
        pair.peer_writer.write("12345678xy");
        co_await pair.reader.readexactly_into(bytes);
        EXPECT_EQ(target, "12345678");
        EXPECT_EQ(co_await pair.reader.read_into(bytes.first(1)), 1U);
        EXPECT_EQ(co_await pair.reader.read(10), "y");
    });
}

TEST_P(StreamReaderTest, READER_5_lines_until_the_end) {
    run([]() -> Coro<> {
        auto pair = co_await connect_pair();
        pair.peer_writer.write("one\n\nthr");
        co_await settle();
        EXPECT_EQ(co_await pair.reader.readline(), "one\n");
        EXPECT_EQ(co_await pair.reader.readline(), "\n");
        pair.peer_writer.write("ee");
        pair.peer_writer.close();
        EXPECT_EQ(co_await pair.reader.readline(), "three");
        EXPECT_EQ(co_await pair.reader.readline(), "");
    });
}

TEST_P(StreamReaderTest, READER_6_line_of_the_limit_is_fine_and_a_longer_one_is_dropped) {
    run([]() -> Coro<> {
        auto pair = co_await connect_pair(16);
        pair.peer_writer.write(std::string(16, 'a') + "\n" + std::string(17, 'b') + "\nrest\n");
        EXPECT_EQ(co_await pair.reader.readline(), std::string(16, 'a') + "\n");
        EXPECT_THROW(static_cast<void>(co_await pair.reader.readline()), std::invalid_argument);
        EXPECT_EQ(co_await pair.reader.readline(), "rest\n");
    });
}

TEST_P(StreamReaderTest, READER_6_long_line_without_newline_clears_the_buffer) {
    run([]() -> Coro<> {
        auto pair = co_await connect_pair(16);
        pair.peer_writer.write(std::string(16, 'a'));
        auto line = asyncio::create_task(pair.reader.readline());
        co_await settle();
        EXPECT_FALSE(line.done());
        pair.peer_writer.write("a");
        EXPECT_THROW(static_cast<void>(co_await line), std::invalid_argument);
        pair.peer_writer.write("next\n");
        EXPECT_EQ(co_await pair.reader.readline(), "next\n");
    });
}

TEST_P(StreamReaderTest, READER_7_separator_may_straddle_chunks) {
    run([]() -> Coro<> {
        auto pair = co_await connect_pair();
        auto part = asyncio::create_task(pair.reader.readuntil("END"));
        for (const char* const chunk : {"dataE", "N", "Dmore"}) {
            pair.peer_writer.write(std::string_view(chunk));
            co_await settle();
        }
        EXPECT_EQ(co_await part, "dataEND");
        EXPECT_EQ(co_await pair.reader.read(10), "more");
        EXPECT_THROW(static_cast<void>(pair.reader.readuntil("")), std::invalid_argument);
    });
}

TEST_P(StreamReaderTest, READER_8_found_over_the_limit_keeps_the_buffer) {
    run([]() -> Coro<> {
        auto pair = co_await connect_pair(16);
        const std::string data = std::string(17, 'a') + "XY" + "abc";
        pair.peer_writer.write(data);
        try {
            static_cast<void>(co_await pair.reader.readuntil("XY"));
            ADD_FAILURE() << "did not throw";
        } catch (const asyncio::LimitOverrunError& error) {
            EXPECT_STREQ(error.what(), "Separator is found, but chunk is longer than limit");
            EXPECT_EQ(error.consumed(), 17U);
        }
        EXPECT_EQ(co_await pair.reader.readexactly(data.size()), data);
    });
}

TEST_P(StreamReaderTest, READER_9_not_found_over_the_limit) {
    run([]() -> Coro<> {
        auto pair = co_await connect_pair(16);
        pair.peer_writer.write(std::string(17, 'a'));
        auto part = asyncio::create_task(pair.reader.readuntil("XY"));
        co_await settle();
        EXPECT_FALSE(part.done());
        pair.peer_writer.write("a");
        try {
            static_cast<void>(co_await part);
            ADD_FAILURE() << "did not throw";
        } catch (const asyncio::LimitOverrunError& error) {
            EXPECT_STREQ(error.what(), "Separator is not found, and chunk exceed the limit");
            EXPECT_EQ(error.consumed(), 17U);
        }
        EXPECT_EQ(co_await pair.reader.read(100), std::string(18, 'a'));
    });
}

TEST_P(StreamReaderTest, READER_10_end_before_the_separator) {
    run([]() -> Coro<> {
        auto pair = co_await connect_pair();
        pair.peer_writer.write("dataE");
        pair.peer_writer.close();
        try {
            static_cast<void>(co_await pair.reader.readuntil("END"));
            ADD_FAILURE() << "did not throw";
        } catch (const asyncio::IncompleteReadError& error) {
            EXPECT_EQ(error.partial(), "dataE");
            EXPECT_EQ(error.expected(), std::nullopt);
        }
        EXPECT_TRUE(pair.reader.at_eof());
    });
}

TEST_P(StreamReaderTest, READER_11_shortest_result_of_several_separators) {
    run([]() -> Coro<> {
        auto pair = co_await connect_pair();
        pair.peer_writer.write("aXYZb|aXYZb|abc\r\n");
        co_await settle();
        EXPECT_EQ(co_await pair.reader.readuntil({"XYZ", "XY", "YZ"}), "aXY");
        EXPECT_EQ(co_await pair.reader.readuntil("|"), "Zb|");
        EXPECT_EQ(co_await pair.reader.readuntil({"XYZ", "Z", "Y"}), "aXY");
        EXPECT_EQ(co_await pair.reader.readuntil("|"), "Zb|");
        EXPECT_EQ(co_await pair.reader.readuntil({"\n", "\r\n"}), "abc\r\n");
        EXPECT_THROW(static_cast<void>(pair.reader.readuntil({"a", ""})), std::invalid_argument);
    });
}

TEST_P(StreamReaderTest, READER_15_second_reader_is_refused_and_the_first_undisturbed) {
    run([]() -> Coro<> {
        auto pair = co_await connect_pair();
        auto first = asyncio::create_task(pair.reader.readline());
        co_await settle();
        try {
            static_cast<void>(co_await pair.reader.read(5));
            ADD_FAILURE() << "did not throw";
        } catch (const asyncio::RuntimeError& error) {
            EXPECT_STREQ(error.what(), "read() called while another coroutine is already waiting for incoming data");
        }
        pair.peer_writer.write("line\n");
        EXPECT_EQ(co_await first, "line\n");
    });
}

TEST_P(StreamReaderTest, READER_17_every_cancelled_read_loses_nothing) {
    run([]() -> Coro<> {
        auto pair = co_await connect_pair();
        const auto cancel = [](auto task) -> Coro<> {
            co_await settle();
            task.cancel();
            co_await support::ended(task);
            EXPECT_TRUE(task.cancelled());
        };
        std::array<std::byte, 64> target;
        co_await cancel(asyncio::create_task(pair.reader.read(5)));
        co_await cancel(asyncio::create_task(pair.reader.read_into(target)));
        pair.peer_writer.write("ab");
        co_await cancel(asyncio::create_task(pair.reader.readexactly(5)));
        co_await cancel(asyncio::create_task(pair.reader.readexactly_into(target)));
        co_await cancel(asyncio::create_task(pair.reader.readline()));
        co_await cancel(asyncio::create_task(pair.reader.readuntil("END")));
        pair.peer_writer.write("cd");
        EXPECT_EQ(co_await pair.reader.readexactly(4), "abcd");
    });
}

TEST_P(StreamReaderTest, READER_17_cancelled_in_the_iteration_in_which_data_came) {
    run([]() -> Coro<> {
        auto pair = co_await connect_pair();
        std::array<std::byte, 64> target{};
        for (int i = 0; i < 3; ++i) {
            auto task = asyncio::create_task(pair.reader.read_into(target));
            co_await settle();
            pair.peer_writer.write("ab");
            // Wherever between the arrival and the task's step the cancellation falls, nothing may get lost.
            for (int hops = 0; hops < i; ++hops) co_await asyncio::sleep(0ms);
            task.cancel();
            co_await support::ended(task);
            if (task.cancelled()) {
                EXPECT_EQ(target[0], std::byte{});
                EXPECT_EQ(co_await pair.reader.readexactly(2), "ab");
            } else {
                EXPECT_EQ(task.result(), 2U);
            }
            target.fill({});
        }
    });
}

TEST_P(StreamReaderTest, READER_18_lines_as_a_loop) {
    run([]() -> Coro<> {
        auto pair = co_await connect_pair();
        pair.peer_writer.write("a\nb\nlast");
        pair.peer_writer.close();
        std::string all;
        while (auto line = co_await pair.reader.next()) all += "<" + *line + ">";
        EXPECT_EQ(all, "<a\n><b\n><last>");
    });
}

TEST_P(StreamReaderTest, READER_19_data_before_the_end_arrives) {
    run([]() -> Coro<> {
        auto pair = co_await connect_pair();
        pair.peer_writer.write(std::string(100'000, 'z'));
        pair.peer_writer.close();
        EXPECT_EQ((co_await pair.reader.read()).size(), 100'000U);
    });
}

TEST_P(StreamReaderTest, READER_20_own_close_ends_a_pending_read) {
    run([]() -> Coro<> {
        auto pair = co_await connect_pair();
        auto pending = asyncio::create_task(pair.reader.read(10));
        co_await settle();
        pair.writer.close();
        EXPECT_EQ(co_await pending, "");
    });
}

Coro<> count_turns(int& turns) {
    for (;;) {
        ++turns;
        co_await asyncio::sleep(0ms);
    }
}

TEST_P(StreamReaderTest, IO_3_a_peer_that_never_stops_does_not_starve_others) {
    run([]() -> Coro<> {
        auto pair = co_await connect_pair();
        pair.peer_writer.set_write_buffer_limits({.high = 8 << 20});
        const std::string much(4 << 20, 'x');
        pair.peer_writer.write(much);
        int turns = 0;
        auto other = asyncio::create_task(count_turns(turns));
        std::size_t received = 0;
        while (received < much.size()) received += (co_await pair.reader.read(1024)).size();
        EXPECT_GT(turns, 1);
        other.cancel();
    });
}

TEST_P(StreamReaderTest, IO_3_nor_do_many_lines_that_came_at_once) {
    run([]() -> Coro<> {
        auto pair = co_await connect_pair();
        pair.peer_writer.set_write_buffer_limits({.high = 8 << 20});
        constexpr int lines = 1 << 16;
        std::string much;
        for (int i = 0; i < lines; ++i) much += "0123456789abcde\n";
        pair.peer_writer.write(much);
        int turns = 0;
        auto other = asyncio::create_task(count_turns(turns));
        for (int i = 0; i < lines; ++i) co_await pair.reader.readline();
        EXPECT_GT(turns, 6);  // after 128 KiB each
        other.cancel();
    });
}

TEST(StreamReaderOnEpoll, READER_1_urgent_data_does_not_hide_what_follows_it) {
    const asyncio::detail::UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    ASSERT_EQ(::bind(listener.get(), generic, length), 0);
    ASSERT_EQ(::listen(listener.get(), 1), 0);
    ASSERT_EQ(::getsockname(listener.get(), generic, &length), 0);
    asyncio::run([&]() -> Coro<> {
        auto [reader, writer] = co_await asyncio::open_connection("127.0.0.1", ntohs(address.sin_port));
        const asyncio::detail::UniqueFd peer(::accept(listener.get(), nullptr, nullptr));
        EXPECT_EQ(::send(peer.get(), "x\n", 2, 0), 2);
        EXPECT_EQ(co_await reader.readline(), "x\n");
        EXPECT_EQ(::send(peer.get(), "abc", 3, 0), 3);
        EXPECT_EQ(::send(peer.get(), "!", 1, MSG_OOB), 1);
        EXPECT_EQ(::send(peer.get(), "def\n", 4, 0), 4);
        EXPECT_EQ(co_await asyncio::wait_for(reader.readline(), 20s), "abcdef\n");
        writer.close();
    });
}

TEST_P(StreamReaderTest, IO_8_after_the_loop_is_closed) {
    auto pair = run(connect_pair());
    loop.close();
    EXPECT_THROW(pair.writer.write("x"), asyncio::RuntimeError);
    pair.writer.close();
}
