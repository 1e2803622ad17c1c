// The epoll driver by itself: operations, and descriptors that are closed under them and whose numbers come back.

#include <asyncio/loop/driver/epoll.hpp>

#include "support/lives.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/base/unique_fd.hpp>
#include <asyncio/testing/fault_plan.hpp>

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using asyncio::Clock;
using asyncio::DescriptorPtr;
using asyncio::EpollDriver;
using asyncio::Operation;
using asyncio::SocketAddress;
using asyncio::detail::UniqueFd;
using asyncio::testing::FaultPlan;
using asyncio::testing::SystemCall;

/// An operation that counts its completions.
struct Tracked : Operation {
    Tracked(Kind kind, DescriptorPtr descriptor) : Operation(kind, std::move(descriptor), &count) {
        buffer = bytes.data();
        size = bytes.size();
    }
    static void count(Operation& operation) noexcept { ++static_cast<Tracked&>(operation).completions; }
    [[nodiscard]] std::string text() const {
        return std::string(reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(result));
    }

    std::array<std::byte, 64> bytes{};
    int completions = 0;
};

struct NoWatches : asyncio::WatchSink {
    void watched_ready(int, bool, bool) noexcept override { ADD_FAILURE() << "nothing is watched"; }
};

class Epoll : public ::testing::Test {
protected:
    void turn() {
        driver->wait(Clock::time_point::min());
        driver->dispatch_all(sink);
    }
    /// Until the operation is over, at most some seconds.
    void finish(const Operation& operation) {
        for (int i = 0; i < 100 && operation.pending; ++i) {
            driver->wait(driver->now() + std::chrono::milliseconds(100));
            driver->dispatch_all(sink);
        }
        ASSERT_FALSE(operation.pending);
    }
    /// Two connected sockets, the first one known to the driver.
    std::pair<DescriptorPtr, UniqueFd> pair() {
        std::array<int, 2> fds{};
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds.data()) != 0) std::abort();
        DescriptorPtr descriptor;
        EXPECT_EQ(driver->adopt(fds[0], descriptor), 0);
        return {std::move(descriptor), UniqueFd(fds[1])};
    }
    static void write(const UniqueFd& fd, const std::string& text) {
        ASSERT_EQ(::write(fd.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
    }

    std::unique_ptr<EpollDriver> driver = std::make_unique<EpollDriver>();
    NoWatches sink;
};

TEST_F(Epoll, recv_at_once_and_later) {
    auto [near, far] = pair();
    write(far, "now");
    Tracked first(Operation::Kind::recv, near);
    EXPECT_TRUE(driver->start(first));
    EXPECT_EQ(first.text(), "now");
    EXPECT_EQ(first.completions, 0);

    Tracked second(Operation::Kind::recv, near);
    EXPECT_FALSE(driver->start(second));
    EXPECT_TRUE(second.pending);
    turn();
    EXPECT_TRUE(second.pending);
    write(far, "later");
    finish(second);
    EXPECT_EQ(second.text(), "later");
    EXPECT_EQ(second.completions, 1);
    driver->close(*near);
}

TEST_F(Epoll, operations_of_one_kind_complete_in_the_order_of_their_start) {
    auto [near, far] = pair();
    std::vector<std::unique_ptr<Tracked>> reads;
    for (int i = 0; i < 3; ++i) {
        reads.push_back(std::make_unique<Tracked>(Operation::Kind::recv, near));
        reads.back()->size = 1;
        EXPECT_FALSE(driver->start(*reads.back()));
    }
    write(far, "abc");
    finish(*reads[2]);
    EXPECT_EQ(reads[0]->text() + reads[1]->text() + reads[2]->text(), "abc");
    driver->close(*near);
}

TEST_F(Epoll, dispatch_one_says_whether_there_are_more) {
    auto [near, far] = pair();
    auto [other, other_far] = pair();
    Tracked first(Operation::Kind::recv, near);
    Tracked second(Operation::Kind::recv, other);
    EXPECT_FALSE(driver->start(first));
    EXPECT_FALSE(driver->start(second));
    turn();  // that both can be written to
    EXPECT_FALSE(driver->dispatch_one(sink)) << "there is nothing";

    write(far, "a");
    write(other_far, "b");
    driver->wait(Clock::time_point::min());
    driver->dispatch(sink);
    EXPECT_TRUE(driver->events_left());
    EXPECT_TRUE(driver->dispatch_one(sink));
    EXPECT_EQ(first.completions + second.completions, 1);
    EXPECT_FALSE(driver->dispatch_one(sink));
    EXPECT_EQ(first.completions + second.completions, 2);
    EXPECT_FALSE(driver->events_left());

    driver->wake();
    driver->wait(Clock::time_point::max());
    EXPECT_TRUE(driver->events_left());
    EXPECT_FALSE(driver->dispatch_one(sink));
    driver->close(*near);
    driver->close(*other);
}

TEST_F(Epoll, a_cancelled_operation_is_over_and_its_buffer_is_left_alone) {
    auto [near, far] = pair();
    Tracked cancelled(Operation::Kind::recv, near);
    Tracked next(Operation::Kind::recv, near);
    EXPECT_FALSE(driver->start(cancelled));
    EXPECT_FALSE(driver->start(next));
    EXPECT_TRUE(driver->cancel(cancelled));
    EXPECT_FALSE(cancelled.pending);
    write(far, "x");
    finish(next);
    EXPECT_EQ(cancelled.completions, 0);
    EXPECT_EQ(cancelled.bytes[0], std::byte{0});
    EXPECT_EQ(next.text(), "x");
    driver->close(*near);
}

TEST_F(Epoll, close_completes_what_is_pending_with_EBADF_in_the_next_dispatch) {
    auto [near, far] = pair();
    Tracked reading(Operation::Kind::recv, near);
    EXPECT_FALSE(driver->start(reading));
    driver->close(*near);
    EXPECT_TRUE(near->closed());
    EXPECT_EQ(near->fd(), -1);
    EXPECT_EQ(reading.completions, 0) << "not inside close";
    turn();
    EXPECT_EQ(reading.completions, 1);
    EXPECT_EQ(reading.result, -EBADF);
    driver->close(*near);
    turn();
    EXPECT_EQ(reading.completions, 1);
    Tracked late(Operation::Kind::recv, near);
    EXPECT_TRUE(driver->start(late));
    EXPECT_EQ(late.result, -EBADF);
    std::array<std::byte, 4> buffer{};
    EXPECT_EQ(driver->try_recv(*near, buffer), -EBADF);
    EXPECT_EQ(driver->try_send(*near, buffer), -EBADF);
}

TEST_F(Epoll, an_operation_of_a_closed_descriptor_may_still_be_cancelled) {
    auto [near, far] = pair();
    Tracked reading(Operation::Kind::recv, near);
    EXPECT_FALSE(driver->start(reading));
    driver->close(*near);
    EXPECT_TRUE(driver->cancel(reading));
    turn();
    EXPECT_EQ(reading.completions, 0);
}

TEST_F(Epoll, a_number_that_is_reused_at_once_gets_nothing_of_its_predecessor) {
    auto [old_near, old_far] = pair();
    const int number = old_near->fd();
    Tracked old_read(Operation::Kind::recv, old_near);
    EXPECT_FALSE(driver->start(old_read));
    write(old_far, "for the old one");
    driver->wait(Clock::time_point::min());  // the event of the old socket is fetched …

    driver->close(*old_near);  // … and then its number changes hands
    std::array<int, 2> fds{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds.data()), 0);
    const UniqueFd new_far(fds[0] == number ? fds[1] : fds[0]);
    const int new_fd = fds[0] == number ? fds[0] : fds[1];
    ASSERT_EQ(new_fd, number) << "the system gives the lowest free number";
    DescriptorPtr renewed;
    ASSERT_EQ(driver->adopt(new_fd, renewed), 0);
    Tracked new_read(Operation::Kind::recv, renewed);
    EXPECT_FALSE(driver->start(new_read));

    driver->dispatch_all(sink);  // the late event arrives here
    EXPECT_EQ(old_read.completions, 1);
    EXPECT_EQ(old_read.result, -EBADF);
    EXPECT_TRUE(new_read.pending);
    write(new_far, "new");
    finish(new_read);
    EXPECT_EQ(new_read.text(), "new");
    driver->close(*renewed);
}

TEST_F(Epoll, a_number_that_is_reused_by_a_watch) {
    struct Watches : asyncio::WatchSink {
        void watched_ready(int fd, bool readable, bool) noexcept override {
            if (readable) seen.push_back(fd);
        }
        std::vector<int> seen;
    } watches;
    auto [near, far] = pair();
    const int number = near->fd();
    Tracked reading(Operation::Kind::recv, near);
    EXPECT_FALSE(driver->start(reading));
    EXPECT_EQ(driver->watch(number, true, false), -EBUSY) << "a socket of the driver is not watched";
    write(far, "old");
    driver->wait(Clock::time_point::min());
    driver->close(*near);
    const int again = ::fcntl(far.get(), F_DUPFD_CLOEXEC, number);
    ASSERT_EQ(again, number);
    const UniqueFd owner(again);
    EXPECT_EQ(driver->watch(again, true, false), 0);
    driver->dispatch_all(watches);
    EXPECT_TRUE(watches.seen.empty()) << "that was the old socket's event";
    EXPECT_EQ(reading.result, -EBADF);
    driver->wait(Clock::time_point::min());
    driver->dispatch_all(watches);
    EXPECT_EQ(watches.seen, std::vector<int>{number}) << "its peer is closed, so it is at its end";
    EXPECT_EQ(driver->watch(again, false, false), 0);
}

TEST_F(Epoll, descriptors_outlive_the_driver_closed) {
    auto [near, far] = pair();
    Tracked reading(Operation::Kind::recv, near);
    EXPECT_FALSE(driver->start(reading));
    driver.reset();
    EXPECT_TRUE(near->closed());
    EXPECT_EQ(reading.completions, 1);
    EXPECT_EQ(reading.result, -EBADF);
    char byte = 0;
    EXPECT_EQ(::read(far.get(), &byte, 1), 0) << "the system's socket is closed";
}

TEST_F(Epoll, the_last_reference_closes) {
    auto [near, far] = pair();
    near = nullptr;
    char byte = 0;
    EXPECT_EQ(::read(far.get(), &byte, 1), 0);
    turn();
}

TEST_F(Epoll, connect_accept_and_refusal) {
    DescriptorPtr listener;
    ASSERT_EQ(driver->open(AF_INET, SOCK_STREAM, listener), 0);
    ASSERT_EQ(driver->bind(*listener, SocketAddress("127.0.0.1", 0)), 0);
    ASSERT_EQ(driver->listen(*listener, 8), 0);
    SocketAddress address;
    ASSERT_EQ(driver->local_address(*listener, address), 0);
    EXPECT_NE(address.port(), 0);

    Tracked accepting(Operation::Kind::accept, listener);
    SocketAddress peer;
    accepting.address = &peer;
    EXPECT_FALSE(driver->start(accepting));
    DescriptorPtr client;
    ASSERT_EQ(driver->open(AF_INET, SOCK_STREAM, client), 0);
    Tracked connecting(Operation::Kind::connect, client);
    connecting.address = &address;
    if (!driver->start(connecting)) finish(connecting);
    EXPECT_EQ(connecting.result, 0);
    finish(accepting);
    EXPECT_EQ(accepting.result, 0);
    ASSERT_TRUE(accepting.accepted);
    SocketAddress local;
    EXPECT_EQ(driver->local_address(*client, local), 0);
    EXPECT_EQ(peer, local);

    const std::string text = "ping";
    EXPECT_EQ(driver->try_send(*client, std::as_bytes(std::span(text))), 4);
    Tracked reading(Operation::Kind::recv, accepting.accepted);
    if (!driver->start(reading)) finish(reading);
    EXPECT_EQ(reading.text(), "ping");

    driver->close(*listener);
    DescriptorPtr refused;
    ASSERT_EQ(driver->open(AF_INET, SOCK_STREAM, refused), 0);
    Tracked failing(Operation::Kind::connect, refused);
    failing.address = &address;
    if (!driver->start(failing)) finish(failing);
    EXPECT_EQ(failing.result, -ECONNREFUSED);
    for (auto* descriptor : {client.get(), accepting.accepted.get(), refused.get()}) driver->close(*descriptor);
}

TEST_F(Epoll, a_full_socket_makes_send_wait) {
    auto [near, far] = pair();
    const std::vector<std::byte> block(64 * 1024);
    std::int64_t sent = 0;
    while ((sent = driver->try_send(*near, block)) > 0) {
    }
    EXPECT_EQ(sent, -EAGAIN);
    Tracked sending(Operation::Kind::send, near);
    EXPECT_FALSE(driver->start(sending));
    std::vector<char> drain(1024 * 1024);
    while (::read(far.get(), drain.data(), drain.size()) > 0) {
    }
    finish(sending);
    EXPECT_EQ(sending.result, 64);
    driver->close(*near);
}

TEST_F(Epoll, end_of_file_and_reset) {
    auto [near, far] = pair();
    Tracked reading(Operation::Kind::recv, near);
    EXPECT_FALSE(driver->start(reading));
    far.reset();
    finish(reading);
    EXPECT_EQ(reading.result, 0);
    Tracked sending(Operation::Kind::send, near);
    EXPECT_TRUE(driver->start(sending));
    EXPECT_EQ(sending.result, -EPIPE);
    driver->close(*near);
}

TEST_F(Epoll, interrupted_calls_are_repeated) {
    auto [near, far] = pair();
    write(far, "abc");
    FaultPlan plan;
    plan.fail(SystemCall::recv, EINTR, {.nth = 1}).fail(SystemCall::epoll_wait, EINTR, {.nth = 1});
    Tracked reading(Operation::Kind::recv, near);
    EXPECT_TRUE(driver->start(reading));
    EXPECT_EQ(reading.text(), "abc");
    Tracked waiting(Operation::Kind::recv, near);  // the system is asked only when something is watched
    EXPECT_FALSE(driver->start(waiting));
    turn();
    EXPECT_EQ(plan.injected(), 2U);
    driver->cancel(waiting);
    driver->close(*near);
}

/// Interrupts the first calls of recv and send.
class Interruptions final : public asyncio::detail::sys::Interceptor {
public:
    explicit Interruptions(int count) : left_(count), outer_(asyncio::detail::sys::set_interceptor(this)) {}
    Interruptions(const Interruptions&) = delete;
    Interruptions& operator=(const Interruptions&) = delete;
    ~Interruptions() override { asyncio::detail::sys::set_interceptor(outer_); }
    [[nodiscard]] int left() const { return left_; }

private:
    int before(SystemCall call, int, std::size_t&) noexcept override {
        if ((call != SystemCall::recv && call != SystemCall::send) || left_ == 0) return 0;
        --left_;
        return -EINTR;
    }

    int left_;
    Interceptor* outer_;
};

TEST_F(Epoll, a_call_may_be_interrupted_very_often) {
    auto [near, far] = pair();
    write(far, "abc");
    constexpr int often = 300'000;  // a stack would not do
    std::array<std::byte, 8> bytes{};
    for (const bool receives : {true, false}) {
        const Interruptions interruptions(often);
        EXPECT_EQ(receives ? driver->try_recv(*near, bytes) : driver->try_send(*near, std::span(bytes).first(3)), 3);
        EXPECT_EQ(interruptions.left(), 0);
    }
    driver->close(*near);
}

/// Sends a byte when something can be read.
struct Answering : Operation {
    Answering(EpollDriver& its_driver, DescriptorPtr descriptor)
        : Operation(Kind::readable, std::move(descriptor), &answer),
          driver(its_driver) {}
    static void answer(Operation& operation) noexcept {
        auto& self = static_cast<Answering&>(operation);
        self.sent = self.driver.try_send(*self.descriptor, std::as_bytes(std::span("x", 1)));
    }

    EpollDriver& driver;
    std::int64_t sent = 0;
};

TEST_F(Epoll, an_output_goes_on_although_a_completed_input_was_told_to_wait_by_a_plan) {
    auto [near, far] = pair();
    std::vector<std::byte> bytes(64 * 1024);
    while (driver->try_send(*near, bytes) > 0) {
    }
    Tracked writable(Operation::Kind::writable, near);
    EXPECT_FALSE(driver->start(writable));
    EXPECT_EQ(driver->try_recv(*near, bytes), -EAGAIN);
    Answering readable(*driver, near);
    EXPECT_FALSE(driver->start(readable));
    FaultPlan plan;
    plan.fail(SystemCall::send, EAGAIN, {.nth = 1});
    while (::read(far.get(), bytes.data(), bytes.size()) > 0) {
    }
    write(far, "question");
    finish(readable);  // by the same event
    EXPECT_EQ(readable.sent, -EAGAIN);
    finish(writable);
    EXPECT_EQ(writable.result, 0);
    driver->close(*near);
}

TEST_F(Epoll, short_reads_that_were_injected_do_not_count_as_drained) {
    auto [near, far] = pair();
    write(far, "abcdef");
    FaultPlan plan;
    plan.shorten(SystemCall::recv, 2);
    std::string all;
    for (int i = 0; i < 3; ++i) {
        Tracked reading(Operation::Kind::recv, near);
        ASSERT_TRUE(driver->start(reading)) << i;
        all += reading.text();
    }
    EXPECT_EQ(all, "abcdef");
    driver->close(*near);
}

TEST_F(Epoll, a_descriptor_that_cannot_be_armed_fails_the_operation) {
    auto [near, far] = pair();
    FaultPlan plan;
    plan.fail(SystemCall::epoll_ctl, ENOMEM);
    Tracked reading(Operation::Kind::recv, near);
    EXPECT_TRUE(driver->start(reading));
    EXPECT_EQ(reading.result, -ENOMEM);
    driver->close(*near);
}

TEST(EpollErrors, a_system_that_refuses_gives_an_exception_and_leaks_nothing) {
    for (const SystemCall call : {SystemCall::epoll_create, SystemCall::eventfd, SystemCall::epoll_ctl}) {
        FaultPlan plan;
        plan.fail(call, EMFILE);
        EXPECT_THROW(asyncio::EventLoop(), std::system_error);
    }
}

TEST(EpollErrors, a_wait_that_fails_leaves_the_run_and_the_loop_can_run_again) {
    std::array<int, 2> fds{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds.data()), 0);
    const UniqueFd near(fds[0]);
    const UniqueFd far(fds[1]);
    asyncio::EventLoop loop;
    loop.add_reader(near.get(), [] {});  // with nothing to watch the system is not asked
    bool ran = false;
    loop.call_soon([&] { ran = true; });
    {
        FaultPlan plan;
        plan.fail(SystemCall::epoll_wait, ENOMEM);
        loop.stop();
        EXPECT_THROW(loop.run_forever(), std::system_error);
        EXPECT_FALSE(loop.is_running());
    }
    EXPECT_FALSE(ran);
    loop.stop();
    loop.run_forever();
    EXPECT_TRUE(ran);
    loop.close();
}

TEST_F(Epoll, adopt_refuses_what_is_not_free) {
    auto [near, far] = pair();
    DescriptorPtr second;
    EXPECT_EQ(driver->adopt(near->fd(), second), -EBUSY);
    EXPECT_EQ(driver->adopt(-1, second), -EBADF);
    ASSERT_EQ(driver->watch(far.get(), true, false), 0);
    EXPECT_EQ(driver->adopt(far.get(), second), -EBUSY);
    ASSERT_EQ(driver->watch(far.get(), false, false), 0);
    EXPECT_EQ(driver->adopt(far.get(), second), 0);
    static_cast<void>(far.release());
    driver->close(*second);
    driver->close(*near);
}

// --- fairness ---

TEST(LoopOnEpoll, ITER_timers_are_served_while_each_iteration_takes_long) {
    asyncio::run([]() -> asyncio::Coro<> {
        bool fired = false;
        int steps = 0;
        asyncio::get_running_loop().call_later(5ms, [&fired] { fired = true; });
        std::vector<asyncio::Task<>> tasks;
        for (int i = 0; i < 20; ++i) {
            tasks.push_back(asyncio::create_task([&]() -> asyncio::Coro<> {
                while (!fired) {
                    const auto end = asyncio::Clock::now() + 1ms;
                    while (asyncio::Clock::now() < end) {
                    }
                    ++steps;
                    co_await asyncio::sleep(0ms);
                }
            }));
        }
        co_await asyncio::gather(tasks);
        EXPECT_LT(steps, 20 * 20);  // at the latest in the 20th iteration
    });
}

}  // namespace
