#include <asyncio/net/resolve.hpp>

#include "stream_pair.hpp"
#include "support/loops.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/testing/fault_plan.hpp>

#include <gtest/gtest.h>

#include <sys/socket.h>

#include <cerrno>
#include <string>
#include <system_error>

using namespace std::chrono_literals;
using asyncio::Coro;
using support::settle;

class Resolve : public support::OnEachDriver {};
ASYNCIO_ON_EACH_DRIVER_AND_EAGER(Resolve);

TEST_P(Resolve, CONN_3_names_go_through_the_resolver) {
    run([]() -> Coro<> {
        auto server = co_await asyncio::start_server([](auto, auto) {}, "127.0.0.1", 0);
        auto [reader, writer] = co_await asyncio::open_connection("localhost", server.port());
        EXPECT_EQ(writer.peername().port(), server.port());
    });
}

TEST_P(Resolve, CONN_3_names_are_resolved_while_the_network_is_busy) {
    run([]() -> Coro<> {
        auto pair = co_await support::connect_pair();
        auto waiting = asyncio::create_task(pair.reader.read(1));
        co_await asyncio::sleep(0ms);
        pair.peer_writer.write("y");
        const auto addresses = co_await asyncio::resolve("localhost", 80);
        EXPECT_FALSE(addresses.empty());
        EXPECT_EQ(addresses.front().port(), 80);
        EXPECT_EQ(co_await waiting, "y");
    });
}

TEST_P(Resolve, STREAM_8_cancelled_look_up_ends_at_once) {
    run([]() -> Coro<> {
        const auto before = support::open_descriptors();
        for (int hops = 0; hops < 4; ++hops) {
            auto task = asyncio::create_task(asyncio::resolve("localhost", 1));
            for (int i = 0; i < hops; ++i) co_await asyncio::sleep(0ms);
            task.cancel();
            co_await support::ended(task);
        }
        co_await settle();
        EXPECT_LE(support::open_descriptors(),
                  before + 4);  // threads may still have files of the system's resolver open
    });
}

TEST_P(Resolve, STREAM_8_loop_is_closed_while_a_name_is_looked_up) {
    loop.create_task([]() -> Coro<> { static_cast<void>(co_await asyncio::resolve("localhost", 1)); });
    run_once();
    loop.close();  // the thread's answer comes to nobody
}

TEST_P(Resolve, CONN_7_connects_from_the_local_address) {
    run([]() -> Coro<> {
        auto server = co_await asyncio::start_server([](auto, auto) {}, "127.0.0.1", 0);
        auto free = co_await asyncio::start_server([](auto, auto) {}, "127.0.0.1", 0);
        const auto local_port = free.port();
        free.close();
        auto [reader, writer] = co_await asyncio::open_connection(
            "127.0.0.1", server.port(), {.local_host = "127.0.0.1", .local_port = local_port});
        EXPECT_EQ(writer.sockname().port(), local_port);
    });
}

TEST_P(Resolve, IO_7_memory_that_is_short_at_the_moment_fails_one_read_only) {
    run([]() -> Coro<> {
        auto pair = co_await support::connect_pair();
        pair.peer_writer.write("data");
        co_await settle();
        asyncio::testing::FaultPlan plan;
        plan.fail(asyncio::testing::SystemCall::recv, ENOMEM, {.nth = 1});
        EXPECT_THROW(static_cast<void>(co_await pair.reader.read(10)), std::system_error);
        EXPECT_EQ(co_await pair.reader.read(10), "data");
    });
}
