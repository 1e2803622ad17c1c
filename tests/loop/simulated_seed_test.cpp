#include "support/loops.hpp"
#include "support/operations.hpp"
#include "support/ticks.hpp"
#include "support/trace.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/testing/testing.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <numeric>
#include <set>
#include <string>

using namespace std::chrono_literals;
using asyncio::Coro;
using asyncio::DescriptorPtr;
using asyncio::testing::FaultPlan;
using asyncio::testing::run_virtual;
using asyncio::testing::SystemCall;
using support::receive_all;
using support::send_all;
using support::Ticks;
using support::Trace;

namespace {

Coro<> send_and_end(DescriptorPtr socket, std::string data) {
    EXPECT_EQ(co_await send_all(socket, data), 0);
    asyncio::get_running_loop().driver().shutdown_write(*socket);
}

Coro<> echo(DescriptorPtr socket) {
    const std::string all = co_await receive_all(socket);
    co_await send_and_end(socket, all);
}

class TicksOnEachDriver : public support::OnEachDriver {};
ASYNCIO_ON_EACH_DRIVER_AND_EAGER(TicksOnEachDriver);

TEST_P(TicksOnEachDriver, count_iterations) {
    Ticks ticks(loop);
    Trace trace;
    EXPECT_EQ(ticks.now(), 0);
    auto task = loop.create_task([&]() -> Coro<> {
        trace(ticks.now());
        co_await asyncio::sleep(0s);
        trace(ticks.now());
        asyncio::get_running_loop().call_soon([&] {
            trace("c", ticks.now());
            loop.stop();
        });
    });
    loop.run_forever();
    EXPECT_EQ(trace.str(), "1 2 c3");
}

TEST_P(TicksOnEachDriver, let_timers_come) {
    Ticks ticks(loop);
    loop.call_later(1ms, [&] { loop.stop(); });
    loop.run_forever();
    EXPECT_GE(ticks.now(), 1);
}

/// Everything that asyncio promises an order for.
Coro<std::string> promised_order() {
    auto& loop = asyncio::get_running_loop();
    Ticks ticks(loop);
    Trace trace;
    const auto child = [&](int number) -> Coro<> {
        for (int i = 0; i < number; ++i) co_await asyncio::sleep(0s);
        trace("t", number, "@", ticks.now());
        co_await asyncio::sleep(1ms);
        trace("w", number, "@", ticks.now());
    };
    auto one = asyncio::create_task(child(1));
    auto two = asyncio::create_task(child(2));
    auto future = loop.create_future<int>();
    future.add_done_callback([&](const auto&) { trace("done@", ticks.now()); });
    loop.call_soon([&] { future.set_result(1); });
    for (int i = 0; i < 5; ++i) {
        loop.call_later(1ms, [&trace, i] { trace("l", i); });
    }
    loop.call_later(-1s, [&] { trace("past@", ticks.now()); });
    co_await future;
    trace("future@", ticks.now());
    co_await one;
    co_await two;
    co_return trace.str();
}

TEST(SimulatedRun, changes_nothing_that_asyncio_promises) {
    const std::string expected = run_virtual(promised_order);
    for (std::uint64_t seed = 1; seed <= 50; ++seed) EXPECT_EQ(run_virtual(promised_order, {.seed = seed}), expected);
}

/// Ten echo conversations at once; the result is the order in which they ended.
Coro<std::string> conversations() {
    std::string order;
    const auto converse = [&](int number) -> Coro<> {
        auto [client, server] = asyncio::testing::memory_socket_pair();
        auto echoing = asyncio::create_task(echo(server));
        std::string data(500, '\0');
        std::iota(data.begin(), data.end(), static_cast<char>(number));
        auto sending = asyncio::create_task(send_and_end(client, data));
        const std::string back = co_await receive_all(client);
        EXPECT_EQ(back, data);
        co_await sending;
        co_await echoing;
        order += static_cast<char>('0' + number);
    };
    std::vector<asyncio::Task<void>> tasks;
    for (int i = 0; i < 10; ++i) tasks.push_back(asyncio::create_task(converse(i)));
    for (auto& task : tasks) co_await task;
    co_return order;
}

TEST(SimulatedRun, changes_who_ends_first_but_no_byte) {
    EXPECT_EQ(run_virtual(conversations), "0123456789");
    std::set<std::string> orders;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        const std::string order = run_virtual(conversations, {.seed = seed});
        EXPECT_EQ(order, run_virtual(conversations, {.seed = seed})) << "the same seed, the same run";
        orders.insert(order);
    }
    EXPECT_GT(orders.size(), 15U);
}

TEST(SimulatedRun, latency_small_buffers_and_faults_lose_nothing) {
    for (std::uint64_t seed = 0; seed <= 10; ++seed) {
        FaultPlan plan(seed);
        plan.fail(SystemCall::recv, EINTR, {.one_in = 3})
            .fail(SystemCall::send, EAGAIN, {.one_in = 4})
            .fail(SystemCall::recv, EAGAIN, {.one_in = 5})
            .shorten(SystemCall::send, 5, {.one_in = 2})
            .shorten(SystemCall::recv, 1, {.one_in = 3});
        EXPECT_EQ(run_virtual(conversations, {.seed = seed, .latency = 3ms, .buffer_size = 17}).size(), 10U);
        EXPECT_GT(plan.injected(), 100U);
    }
}

TEST(SimulatedRun, latency_passes_in_virtual_time) {
    run_virtual(
        []() -> Coro<> {
            const auto start = asyncio::get_running_loop().time();
            auto [client, server] = asyncio::testing::memory_socket_pair();
            auto echoing = asyncio::create_task(echo(server));
            const std::string data = "abc";
            co_await send_and_end(client, data);
            const std::string back = co_await receive_all(client);
            EXPECT_EQ(back, data);
            EXPECT_EQ(asyncio::get_running_loop().time() - start, 2h);
        },
        {.latency = 1h});
}

TEST(SimulatedRun, a_receiver_that_nobody_can_serve_is_stuck) {
    const auto main = []() -> Coro<> {
        auto [client, server] = asyncio::testing::memory_socket_pair();
        co_await receive_all(client);
    };
    EXPECT_THROW(run_virtual(main), asyncio::RuntimeError);
}

TEST(SimulatedRun, sending_and_receiving_cost_no_heap) {
    run_virtual([]() -> Coro<> {
        auto [client, server] = asyncio::testing::memory_socket_pair();
        auto& driver = asyncio::testing::simulated_driver();
        std::byte data[100]{};
        const auto before = asyncio::testing::Counters::now();
        for (int i = 0; i < 10000; ++i) {
            EXPECT_EQ(driver.try_send(*client, data), 100);
            EXPECT_EQ(driver.try_recv(*server, data), 100);
        }
        EXPECT_EQ((asyncio::testing::Counters::now() - before).heap(), 0U);
        co_return;
    });
}

}  // namespace
