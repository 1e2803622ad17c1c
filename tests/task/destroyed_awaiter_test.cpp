// Awaiters that somebody keeps outside of the awaiting frame, and destroys while a task awaits them.

#include "support/lives.hpp"
#include "support/loops.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/testing/all_tasks_blocked.hpp>

#include <gtest/gtest.h>

#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace {

using asyncio::Coro;
using namespace std::chrono_literals;

template <class A>
struct Kept {
    A awaiter;
};
template <class Make>
auto keep(Make make) {
    using A = decltype(make());
    return std::unique_ptr<Kept<A>>(new Kept<A>{make()});
}

class DestroyedAwaiter : public support::OnEachDriver {
protected:
    /// How a task ends whose awaiter `make()` is destroyed while it waits; then `after(task)` has been called.
    template <class Make, class After>
    std::string error_of(Make make, After after) {
        std::string error = "none";
        auto main = loop.create_task([&]() -> Coro<> {
            auto awaiter = keep(make);
            auto task = asyncio::create_task([&, life = lives.one()]() -> Coro<> {
                const auto local = lives.one();
                co_await inside(awaiter->awaiter);
            });
            co_await asyncio::sleep(0ms);
            awaiter.reset();
            after(task);
            co_await asyncio::gather(task, asyncio::return_exceptions);
            error = task.cancelled() ? "cancelled" : message(task.exception());
        });
        main.add_done_callback([this](const auto&) { loop.stop(); });
        loop.run_forever();
        main.result();
        EXPECT_EQ(lives.now(), 0);
        return error;
    }
    template <class Make>
    std::string error_of(Make make) {
        return error_of(std::move(make), [](const asyncio::Task<>&) {});
    }

    support::Lives lives;

private:
    template <class A>
    static Coro<> inside(A& awaiter) {
        co_await awaiter;
    }
    static std::string message(const std::exception_ptr& error) {
        if (error == nullptr) return "none";
        try {
            std::rethrow_exception(error);
        } catch (const asyncio::RuntimeError& caught) {
            return std::string(caught.what()).substr(std::string(caught.what()).find("awaited"));
        }
    }
};
ASYNCIO_ON_EACH_DRIVER_AND_EAGER(DestroyedAwaiter);

const std::string destroyed = "awaited was destroyed meanwhile: an awaiter must live until its await is over";

TEST_P(DestroyedAwaiter, its_task_fails_in_place_of_waiting_for_ever) {
    EXPECT_EQ(error_of([] { return asyncio::sleep(1h); }), destroyed);
    asyncio::Event event;
    EXPECT_EQ(error_of([&] { return event.wait(); }), destroyed);
    event.set();
    asyncio::Queue<int> queue;
    EXPECT_EQ(error_of([&] { return queue.get(); }), destroyed);
    queue.put_nowait(1);
    EXPECT_EQ(queue.get_nowait(), 1);
    EXPECT_EQ(error_of([] { return asyncio::testing::wait_all_tasks_blocked(); }), destroyed);
}

TEST_P(DestroyedAwaiter, of_a_connection_or_server) {
    std::vector<asyncio::StreamWriter> peers;  // open, and nobody reads
    auto server = run(asyncio::start_server(
        [&](asyncio::StreamReader, asyncio::StreamWriter peer) { peers.push_back(std::move(peer)); }, "127.0.0.1", 0));
    EXPECT_EQ(error_of([&] { return server.wait_closed(); }), destroyed);
    auto [reader, writer] = run(asyncio::open_connection("127.0.0.1", server.port()));
    EXPECT_EQ(error_of([&] { return writer.wait_closed(); }), destroyed);
    writer.set_write_buffer_limits({.high = 0});
    writer.write(std::string(16 << 20, 'x'));
    EXPECT_EQ(error_of([&] { return writer.drain(); }), destroyed);
    writer.abort();
    server.close();
}

TEST_P(DestroyedAwaiter, cancelling_the_task_changes_nothing) {
    EXPECT_EQ(error_of([] { return asyncio::sleep(1h); }, [](const asyncio::Task<>& task) { task.cancel(); }),
              destroyed);
}

TEST_P(DestroyedAwaiter, the_others_in_the_line_are_served) {
    asyncio::Lock lock;
    auto main = loop.create_task([&]() -> Coro<> {
        auto held = co_await lock.guard();
        auto first = keep([&] { return lock.acquire(); });
        auto lost = asyncio::create_task([&]() -> Coro<> { co_await first->awaiter; });
        auto second = asyncio::create_task([&]() -> Coro<> { auto guard = co_await lock.guard(); });
        co_await asyncio::sleep(0ms);
        first.reset();
        held.release();
        co_await second;
        EXPECT_FALSE(lock.locked());
        EXPECT_NE(lost.exception(), nullptr);
    });
    main.add_done_callback([this](const auto&) { loop.stop(); });
    loop.run_forever();
    main.result();
}

TEST_P(DestroyedAwaiter, the_loop_may_close_before_the_task_has_failed) {
    auto awaiter = keep([] { return asyncio::sleep(1h); });
    auto task = loop.create_task([&, life = lives.one()]() -> Coro<> { co_await awaiter->awaiter; });
    loop.call_soon([&] {
        awaiter.reset();
        loop.stop();
    });
    loop.run_forever();
    loop.close();
    EXPECT_EQ(lives.now(), 0);
}

}  // namespace
