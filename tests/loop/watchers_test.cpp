// add_reader and add_writer: readiness of foreign descriptors.

#include "support/lives.hpp"
#include "support/trace.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/base/unique_fd.hpp>
#include <asyncio/task/run_until_complete.hpp>

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

namespace {

using asyncio::Coro;
using namespace std::chrono_literals;

/// A pair of connected sockets; the loop of a test watches `near`.
class Watchers : public ::testing::Test {
protected:
    void SetUp() override {
        std::array<int, 2> pair{};
        ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair.data()), 0);
        near = pair[0];
        far = pair[1];
    }
    void TearDown() override {
        if (!loop.is_closed()) loop.close();
        if (near >= 0) ::close(near);
        if (far >= 0) ::close(far);
    }
    void run_once() {
        loop.stop();
        loop.run_forever();
    }
    void send(const char* text) const { ASSERT_EQ(::write(far, text, 1), 1); }
    std::string receive() const {
        char byte = 0;
        return ::read(near, &byte, 1) == 1 ? std::string(1, byte) : std::string("nothing");
    }

    asyncio::EventLoop loop;
    support::Trace trace;
    support::Lives lives;
    int near = -1;
    int far = -1;
};

TEST_F(Watchers, reader_is_called_while_readable) {
    loop.add_reader(near, [&] { trace("ready"); });
    run_once();
    EXPECT_EQ(trace.str(), "");
    send("a");
    run_once();
    run_once();
    EXPECT_EQ(trace.str(), "ready ready") << "level-triggered";
    EXPECT_EQ(receive(), "a");
    run_once();
    EXPECT_EQ(trace.str(), "ready ready");
    EXPECT_TRUE(loop.remove_reader(near));
    EXPECT_FALSE(loop.remove_reader(near));
    send("b");
    run_once();
    EXPECT_EQ(trace.str(), "ready ready");
}

TEST_F(Watchers, reader_and_writer_with_arguments) {
    loop.add_reader(near, [&](int number, const std::string& text) { trace("r", number, text); }, 3, "x");
    loop.add_writer(near, [&] {
        trace("w");
        EXPECT_TRUE(loop.remove_writer(near));
    });
    run_once();
    send("a");
    run_once();
    EXPECT_EQ(trace.str(), "w r3x");
}

TEST_F(Watchers, end_of_file_is_readable) {
    loop.add_reader(near, [&] { trace("eof"); });
    ::close(std::exchange(far, -1));
    run_once();
    EXPECT_EQ(trace.str(), "eof");
}

TEST_F(Watchers, a_second_reader_replaces_the_first) {
    loop.add_reader(near, [&, life = lives.one()] { trace("first"); });
    loop.add_reader(near, [&] { trace("second"); });
    EXPECT_EQ(lives.now(), 0);
    send("a");
    run_once();
    EXPECT_EQ(trace.str(), "second");
}

TEST_F(Watchers, a_reader_that_removes_itself_keeps_its_captures_until_it_returns) {
    loop.add_reader(near, [&, text = std::string(100, 'r'), life = lives.one()] {
        EXPECT_TRUE(loop.remove_reader(near));
        EXPECT_EQ(lives.now(), 1);
        trace(text.substr(98));
    });
    send("a");
    run_once();
    EXPECT_EQ(trace.str(), "rr");
    EXPECT_EQ(lives.now(), 0);
}

TEST_F(Watchers, a_reader_that_replaces_itself) {
    loop.add_reader(near, [&, text = std::string(100, 'r'), life = lives.one()] {
        loop.add_reader(near, [&, other = lives.one()] {
            trace("new", receive());
            loop.remove_reader(near);
        });
        trace(text.substr(98));
    });
    send("a");
    run_once();
    EXPECT_EQ(trace.str(), "rr");
    EXPECT_EQ(lives.now(), 1);
    run_once();
    EXPECT_EQ(trace.str(), "rr newa");
    EXPECT_EQ(lives.now(), 0);
}

TEST_F(Watchers, a_released_callable_that_comes_back) {
    struct OnRelease {
        std::function<void()> action;
        explicit OnRelease(std::function<void()> run) : action(std::move(run)) {}
        OnRelease(const OnRelease&) = delete;
        OnRelease& operator=(const OnRelease&) = delete;
        ~OnRelease() { action(); }
    };
    loop.add_reader(near, [guard = std::make_shared<OnRelease>([&] { trace(loop.remove_reader(near)); })] {});
    loop.add_reader(near, [&] { trace("replaced"); });  // the released one removes this one
    EXPECT_EQ(trace.str(), "1");
    loop.add_writer(
        near,
        [guard = std::make_shared<OnRelease>([&] { loop.add_reader(near, [&] { trace("added", receive()); }); })] {});
    EXPECT_TRUE(loop.remove_writer(near));
    send("b");
    run_once();
    EXPECT_EQ(trace.str(), "1 addedb");
}

TEST_F(Watchers, removed_in_the_same_iteration_a_queued_call_does_not_run) {
    loop.add_reader(near, [&] {
        trace("reader");
        loop.remove_writer(near);
    });
    loop.add_writer(near, [&] { trace("writer"); });
    send("a");
    run_once();
    EXPECT_EQ(trace.str(), "reader");
}

TEST_F(Watchers, wrong_descriptors) {
    EXPECT_THROW(loop.add_reader(-1, [] {}), std::invalid_argument);
    const int file = ::open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    ASSERT_GE(file, 0);
    EXPECT_THROW(loop.add_reader(file, [life = lives.one()] {}), std::system_error);
    EXPECT_FALSE(loop.remove_reader(file));
    EXPECT_EQ(lives.now(), 0);
    ::close(file);
    EXPECT_THROW(loop.add_writer(file, [] {}), std::system_error) << "closed";
    EXPECT_FALSE(loop.remove_reader(123456));
    EXPECT_FALSE(loop.remove_writer(-1));
}

TEST_F(Watchers, a_number_closed_behind_our_back_and_opened_again) {
    loop.add_reader(near, [&] { trace("old"); });
    const int number = near;
    ::close(near);
    const int again = ::fcntl(far, F_DUPFD_CLOEXEC, number);
    ASSERT_EQ(again, number);
    near = again;
    run_once();
    EXPECT_EQ(trace.str(), "");
    loop.add_writer(near, [&] {
        trace("writer");
        loop.remove_writer(near);
    });
    run_once();
    EXPECT_EQ(trace.str(), "old writer") << "watched again, and at its end, since its peer is closed";
    EXPECT_TRUE(loop.remove_reader(near));
}

TEST_F(Watchers, LOOP_8_close_releases_the_callables) {
    loop.add_reader(near, [life = lives.one()] {});
    loop.add_writer(near, [life = lives.one()] {});
    EXPECT_EQ(lives.now(), 2);
    loop.close();
    EXPECT_EQ(lives.now(), 0);
    EXPECT_THROW(loop.add_reader(near, [] {}), asyncio::RuntimeError);
    EXPECT_THROW(loop.remove_reader(near), asyncio::RuntimeError);
}

TEST_F(Watchers, LOOP_24_a_reader_that_throws_is_reported_and_called_again) {
    int reports = 0;
    loop.set_exception_handler([&](auto&, const asyncio::ExceptionContext& context) {
        EXPECT_THROW(std::rethrow_exception(context.exception), std::runtime_error);
        ++reports;
    });
    loop.add_reader(near, [] { throw std::runtime_error("reader"); });
    send("a");
    run_once();
    run_once();
    EXPECT_EQ(reports, 2);
}

TEST_F(Watchers, LOOP_25_an_interrupt_from_a_reader_leaves_the_loop_and_the_reader_stays) {
    loop.add_reader(near, [&] {
        if (receive() == "a") throw asyncio::KeyboardInterrupt();
        trace("again");
    });
    send("a");
    EXPECT_THROW(loop.run_forever(), asyncio::KeyboardInterrupt);
    send("b");
    run_once();
    EXPECT_EQ(trace.str(), "again");
}

TEST_F(Watchers, LOOP_25_after_an_interrupt_what_was_ready_with_it_runs_first) {
    std::array<int, 2> fds{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds.data()), 0);
    const asyncio::detail::UniqueFd second(fds[0]);
    const asyncio::detail::UniqueFd second_far(fds[1]);
    loop.add_reader(near, [&] {
        receive();
        throw asyncio::KeyboardInterrupt();
    });
    loop.add_writer(near, [&] {  // of the same event
        trace("writer");
        loop.remove_writer(near);
    });
    loop.add_reader(second.get(), [&] {  // of an event that the driver still holds then
        trace("second");
        loop.remove_reader(second.get());
    });
    send("a");
    ASSERT_EQ(::write(second_far.get(), "b", 1), 1);
    EXPECT_THROW(run_once(), asyncio::KeyboardInterrupt);
    EXPECT_EQ(trace.str(), "");
    loop.call_soon([&] { trace("later"); });
    run_once();
    EXPECT_EQ(trace.str(), "writer second later");
}

TEST_F(Watchers, a_task_waits_for_a_descriptor) {
    auto readable = loop.create_future<std::string>();
    loop.add_reader(near, [&] {
        readable.set_result(receive());
        loop.remove_reader(near);
    });
    loop.call_later(1ms, [&] { send("z"); });
    EXPECT_EQ(loop.run_until_complete(readable), "z");
}

TEST_F(Watchers, IO_a_number_that_is_no_descriptor_is_refused_before_room_is_made_for_it) {
    for (const int fd : {INT_MAX, 1'000'000}) {
        for (const bool writer : {false, true}) {
            try {
                writer ? loop.add_writer(fd, [] {}) : loop.add_reader(fd, [] {});
                ADD_FAILURE() << "accepted";
            } catch (const std::system_error& error) {
                EXPECT_EQ(error.code().value(), EBADF);
                EXPECT_NE(std::string(error.what()).find(writer ? "add_writer" : "add_reader"), std::string::npos);
            }
        }
        EXPECT_FALSE(loop.remove_reader(fd));
    }
}

}  // namespace
