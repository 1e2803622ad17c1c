// The calls that worker processes need: descriptors through sockets, shared memory, futexes, other programs.

#include <asyncio/base/atomic.hpp>
#include <asyncio/base/sys.hpp>
#include <asyncio/base/unique_fd.hpp>

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

namespace {

namespace sys = asyncio::detail::sys;
using asyncio::detail::UniqueFd;

struct MessagePair {
    MessagePair() {
        std::array<int, 2> fds{};
        if (sys::socketpair(fds.data()) != 0) return;
        first = UniqueFd(fds[0]);
        second = UniqueFd(fds[1]);
    }
    UniqueFd first;
    UniqueFd second;
};

TEST(SysProcess, descriptors_travel_with_bytes) {
    const MessagePair pair;
    const UniqueFd file(static_cast<int>(sys::memfd_create("test", 100)));
    ASSERT_GE(file.get(), 0);
    const std::array<int, 2> sent{file.get(), pair.first.get()};
    ASSERT_EQ(sys::sendmsg(pair.first.get(), "abc", 3, sent.data(), sent.size()), 3);
    std::array<char, 8> bytes{};
    std::array<int, 4> fds{};
    std::size_t count = fds.size();
    ASSERT_EQ(sys::recvmsg(pair.second.get(), bytes.data(), bytes.size(), fds.data(), &count, 0), 3);
    ASSERT_EQ(count, 2U);
    const UniqueFd first(fds[0]);
    const UniqueFd second(fds[1]);
    EXPECT_NE(first.get(), file.get());
    EXPECT_EQ(::fcntl(first.get(), F_GETFD), FD_CLOEXEC);
    EXPECT_STREQ(bytes.data(), "abc");
    count = fds.size();
    EXPECT_EQ(sys::recvmsg(pair.second.get(), bytes.data(), bytes.size(), fds.data(), &count, MSG_DONTWAIT), -EAGAIN);
    EXPECT_EQ(count, 0U);
}

/// How the one after the present descriptors would be numbered.
int next_descriptor() {
    return UniqueFd(::dup(0)).get();
}

TEST(SysProcess, more_descriptors_than_there_is_room_for_are_none) {
    const MessagePair pair;
    const std::array<int, 2> sent{pair.first.get(), pair.second.get()};
    ASSERT_EQ(sys::sendmsg(pair.first.get(), "abc", 3, sent.data(), sent.size()), 3);
    const int next = next_descriptor();
    std::array<char, 8> bytes{};
    std::array<int, 2> fds{-1, -2};
    std::size_t count = 1;
    ASSERT_EQ(sys::recvmsg(pair.second.get(), bytes.data(), bytes.size(), fds.data(), &count, 0), 3);
    EXPECT_EQ(count, 0U);
    EXPECT_EQ(fds[1], -2);
    EXPECT_EQ(next_descriptor(), next);
}

TEST(SysProcess, descriptors_that_a_process_cannot_have_are_missed) {
    const MessagePair pair;
    const std::array<int, 2> sent{pair.first.get(), pair.second.get()};
    ASSERT_EQ(sys::sendmsg(pair.first.get(), "abc", 3, sent.data(), sent.size()), 3);
    const int next = next_descriptor();
    rlimit limit{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
    const rlimit full{static_cast<rlim_t>(next) + 1, limit.rlim_max};  // room for one
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &full), 0);
    std::array<char, 8> bytes{};
    std::array<int, 2> fds{};
    std::size_t count = fds.size();
    const long received = sys::recvmsg(pair.second.get(), bytes.data(), bytes.size(), fds.data(), &count, 0);
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
    EXPECT_EQ(received, 3);
    EXPECT_EQ(count, sys::no_room);
    EXPECT_EQ(next_descriptor(), next);
}

TEST(SysProcess, too_many_descriptors_are_refused) {
    const MessagePair pair;
    const std::array<int, sys::most_descriptors + 1> many{};
    EXPECT_EQ(sys::sendmsg(pair.first.get(), "abc", 3, many.data(), many.size()), -EINVAL);
}

TEST(SysProcess, memory_files_are_shared_and_keep_their_size) {
    constexpr std::size_t size = 4096;
    const UniqueFd file(static_cast<int>(sys::memfd_create("test", size)));
    void* one = nullptr;
    void* other = nullptr;
    ASSERT_EQ(sys::mmap(file.get(), size, &one), 0);
    ASSERT_EQ(sys::mmap(file.get(), size, &other), 0);
    std::memcpy(one, "shared", 7);
    EXPECT_STREQ(static_cast<const char*>(other), "shared");
    EXPECT_NE(::ftruncate(file.get(), 1), 0);
    sys::munmap(one, size);
    sys::munmap(other, size);
    EXPECT_LT(sys::mmap(-1, size, &one), 0);
}

TEST(SysProcess, a_futex_that_has_another_value_does_not_sleep) {
    asyncio::detail::Atomic<std::uint32_t> word{1};
    EXPECT_EQ(sys::futex_wait(word, 2), -EAGAIN);
    EXPECT_EQ(sys::futex_wake(word, 1), 0);
}

TEST(SysProcess, a_program_has_the_descriptor_as_its_third_and_no_other) {
    const MessagePair pair;
    const UniqueFd inheritable(::fcntl(STDOUT_FILENO, F_DUPFD, 50));
    std::string shell = "sh";
    std::string option = "-c";
    std::string script = "echo ready >&3; test ! -e /proc/self/fd/" + std::to_string(inheritable.get()) +
                         " && test -z \"$(cat)\" && exit 5";
    const std::array<char*, 4> arguments{shell.data(), option.data(), script.data(), nullptr};
    const long process = sys::spawn("/bin/sh", arguments.data(), pair.first.get());
    ASSERT_GT(process, 0);
    std::array<char, 16> bytes{};
    EXPECT_EQ(::recv(pair.second.get(), bytes.data(), bytes.size(), 0), 6);
    EXPECT_STREQ(bytes.data(), "ready\n");
    int status = 0;
    EXPECT_EQ(sys::waitpid(static_cast<int>(process), &status, 0), process);
    EXPECT_EQ(WEXITSTATUS(status), 5);
    EXPECT_EQ(sys::spawn("/no/such/program", arguments.data(), pair.first.get()), -ENOENT);
}

}  // namespace
