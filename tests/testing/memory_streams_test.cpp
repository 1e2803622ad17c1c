#include <asyncio/asyncio.hpp>
#include <asyncio/net/streams.hpp>
#include <asyncio/testing/testing.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <utility>

using namespace std::chrono_literals;
using asyncio::Coro;
using asyncio::testing::memory_stream_pair;
using asyncio::testing::run_virtual;

namespace {

Coro<> answer_lines(asyncio::StreamReader reader, asyncio::StreamWriter writer) {
    while (true) {
        const std::string line = co_await reader.readline();
        if (line.empty()) break;
        co_await asyncio::sleep(10min);
        writer.write("re: " + line);
    }
    writer.close();
    co_await writer.wait_closed();
}

TEST(MemoryStreams, carry_a_conversation_in_virtual_time) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        run_virtual(
            []() -> Coro<> {
                auto [client, server] = memory_stream_pair();
                auto& [reader, writer] = client;
                auto task = asyncio::create_task(answer_lines(std::move(server.first), std::move(server.second)));
                for (int i = 0; i < 6; ++i) {
                    writer.write("line " + std::to_string(i) + "\n");
                    const std::string answer = co_await reader.readline();
                    EXPECT_EQ(answer, "re: line " + std::to_string(i) + "\n");
                }
                writer.write_eof();
                const std::string rest = co_await reader.read();
                EXPECT_EQ(rest, "");
                co_await task;
            },
            {.seed = seed});
    }
}

TEST(MemoryStreams, respect_the_limit) {
    EXPECT_THROW(static_cast<void>(memory_stream_pair(0)), std::invalid_argument);
    run_virtual([]() -> Coro<> {
        auto [client, server] = memory_stream_pair(10);
        client.second.write(std::string(100, 'x'));
        bool refused = false;
        try {
            static_cast<void>(co_await server.first.readuntil("\n"));
        } catch (const asyncio::LimitOverrunError&) {
            refused = true;
        }
        EXPECT_TRUE(refused);
    });
}

TEST(MemoryStreams, servers_and_connections_work_in_memory_too) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        run_virtual(
            []() -> Coro<> {
                auto server = co_await asyncio::start_server(answer_lines, "10.0.0.1", 80);
                auto [reader, writer] = co_await asyncio::open_connection("10.0.0.1", 80);
                writer.write("hello\n");
                writer.write_eof();
                const std::string all = co_await reader.read();
                EXPECT_EQ(all, "re: hello\n");
                writer.close();
                co_await writer.wait_closed();
                server.close();
                co_await server.wait_closed();
            },
            {.seed = seed, .latency = 5ms, .buffer_size = 3});
    }
}

}  // namespace
