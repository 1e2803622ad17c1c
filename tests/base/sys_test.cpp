// The seam for system calls: every call can be seen, failed and shortened.

#include <asyncio/base/sys.hpp>

#include <asyncio/base/unique_fd.hpp>

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

namespace {

namespace sys = asyncio::detail::sys;
using asyncio::detail::UniqueFd;

/// Remembers the calls, fails those of one kind, shortens all that have a size.
class Recorder : public sys::Interceptor {
public:
    Recorder() : previous_(sys::set_interceptor(this)) {}
    Recorder(const Recorder&) = delete;
    Recorder& operator=(const Recorder&) = delete;
    ~Recorder() override { sys::set_interceptor(previous_); }

    int before(sys::Call call, int fd, std::size_t& size) noexcept override {
        seen.emplace_back(call, fd);
        if (call == failing) return error;
        if (largest != 0 && size > largest) size = largest;
        return 0;
    }

    std::vector<std::pair<sys::Call, int>> seen;
    sys::Call failing = sys::Call::count;
    int error = 0;
    std::size_t largest = 0;

private:
    sys::Interceptor* previous_;
};

struct Pair {
    Pair() {
        std::array<int, 2> fds{};
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds.data()) != 0) std::abort();
        first = UniqueFd(fds[0]);
        second = UniqueFd(fds[1]);
    }
    UniqueFd first;
    UniqueFd second;
};

TEST(Sys, gives_results_and_negative_errnos) {
    const Pair pair;
    std::array<char, 16> buffer{};
    EXPECT_EQ(sys::recv(pair.first.get(), buffer.data(), buffer.size(), 0), -EAGAIN);
    EXPECT_EQ(sys::send(pair.second.get(), "hello", 5, 0), 5);
    EXPECT_EQ(sys::recv(pair.first.get(), buffer.data(), buffer.size(), 0), 5);
    EXPECT_EQ(std::string(buffer.data(), 5), "hello");
    EXPECT_EQ(sys::read(-1, buffer.data(), 1), -EBADF);
    EXPECT_EQ(sys::close(-1), -EBADF);
}

TEST(Sys, send_to_a_closed_peer_is_an_error_and_no_signal) {
    Pair pair;
    pair.second.reset();
    EXPECT_EQ(sys::send(pair.first.get(), "x", 1, 0), -EPIPE);
    const iovec part{const_cast<char*>("x"), 1};
    EXPECT_EQ(sys::sendmsg(pair.first.get(), &part, 1, 0), -EPIPE);
}

TEST(Sys, sockets_are_not_inherited_and_do_not_block) {
    const UniqueFd fd(static_cast<int>(sys::socket(AF_INET, SOCK_STREAM, 0)));
    ASSERT_TRUE(fd);
    EXPECT_NE(::fcntl(fd.get(), F_GETFD) & FD_CLOEXEC, 0);
    EXPECT_NE(::fcntl(fd.get(), F_GETFL) & O_NONBLOCK, 0);
}

TEST(Sys, an_interceptor_sees_each_call_and_they_are_counted) {
    const Pair pair;
    const auto before = sys::calls();
    {
        const Recorder recorder;
        sys::send(pair.first.get(), "x", 1, 0);
        std::array<char, 4> buffer{};
        sys::recv(pair.second.get(), buffer.data(), buffer.size(), 0);
        ASSERT_EQ(recorder.seen.size(), 2U);
        EXPECT_EQ(recorder.seen[0], std::pair(sys::Call::send, pair.first.get()));
        EXPECT_EQ(recorder.seen[1], std::pair(sys::Call::recv, pair.second.get()));
    }
    sys::send(pair.first.get(), "x", 1, 0);
    EXPECT_EQ(sys::calls() - before, 3U);
    EXPECT_EQ(sys::current_interceptor(), nullptr);
}

TEST(Sys, an_interceptor_fails_a_call_without_making_it) {
    const Pair pair;
    Recorder recorder;
    recorder.failing = sys::Call::send;
    recorder.error = -ENOBUFS;
    EXPECT_EQ(sys::send(pair.first.get(), "x", 1, 0), -ENOBUFS);
    char byte = 0;
    EXPECT_EQ(sys::recv(pair.second.get(), &byte, 1, 0), -EAGAIN);
}

TEST(Sys, an_interceptor_shortens_a_call) {
    const Pair pair;
    Recorder recorder;
    recorder.largest = 2;
    EXPECT_EQ(sys::send(pair.first.get(), "hello", 5, 0), 2);
    EXPECT_TRUE(sys::interfered());
    const std::array<iovec, 2> parts{iovec{const_cast<char*>("abc"), 3}, iovec{const_cast<char*>("def"), 3}};
    EXPECT_EQ(sys::sendmsg(pair.first.get(), parts.data(), parts.size(), 0), 2);
    recorder.largest = 0;
    std::array<char, 16> buffer{};
    EXPECT_EQ(sys::recv(pair.second.get(), buffer.data(), buffer.size(), 0), 4);
    EXPECT_FALSE(sys::interfered());
    EXPECT_EQ(std::string(buffer.data(), 4), "heab");
    EXPECT_EQ(sys::sendmsg(pair.first.get(), parts.data(), parts.size(), 0), 6);
}

TEST(Sys, a_close_that_is_made_to_fail_closes_all_the_same) {
    Pair pair;
    Recorder recorder;
    recorder.failing = sys::Call::close;
    recorder.error = -EIO;
    const int fd = pair.first.release();
    EXPECT_EQ(sys::close(fd), -EIO);
    EXPECT_EQ(::fcntl(fd, F_GETFD), -1);
}

TEST(Sys, epoll_wait_times_out_to_the_nanosecond_and_polls) {
    const UniqueFd epoll(static_cast<int>(sys::epoll_create()));
    ASSERT_TRUE(epoll);
    epoll_event event{};
    EXPECT_EQ(sys::epoll_wait(epoll.get(), &event, 1, 0), 0);
    EXPECT_EQ(sys::epoll_wait(epoll.get(), &event, 1, 1000), 0);
    EXPECT_EQ(sys::epoll_wait(epoll.get(), &event, 1, 1'000'001), 0);
}

TEST(Sys, every_call_has_a_name) {
    for (int i = 0; i < static_cast<int>(sys::Call::count); ++i)
        EXPECT_STRNE(sys::name_of(static_cast<sys::Call>(i)), "?");
    EXPECT_STREQ(sys::name_of(sys::Call::epoll_wait), "epoll_wait");
    EXPECT_STREQ(sys::name_of(sys::Call::write), "write");
    EXPECT_STREQ(sys::name_of(sys::Call::count), "?");
}

TEST(UniqueFd, closes_once_and_moves) {
    Pair pair;
    const int number = pair.first.get();
    UniqueFd moved = std::move(pair.first);
    EXPECT_FALSE(pair.first);
    EXPECT_EQ(moved.get(), number);
    UniqueFd& alias = moved;
    moved = std::move(alias);
    EXPECT_EQ(moved.get(), number);
    moved = std::move(pair.second);
    EXPECT_EQ(::fcntl(number, F_GETFD), -1) << "the replaced one is closed";
    moved.reset();
    moved.reset();
    EXPECT_EQ(moved.get(), -1);
}

}  // namespace
