// The bound that nobody who uses epoll gets below by much: a single-threaded, edge-triggered echo server written by
// hand.
//
// Per request it makes one recv and one send, and one epoll_wait for all connections that became ready together. A read
// shorter than asked means that the socket is drained, so no second recv asks for the EAGAIN. Every descriptor is
// registered once, for both directions.

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr std::size_t buffer_size = 64 * 1024;
alignas(4096) std::array<char, buffer_size> buffer;

/// What one connection has to remember between two events.
struct Connection {
    std::string unsent;       // what the kernel did not take; nothing more is read before it is out
    bool peer_ended = false;  // FIN or an error was announced: read on until recv says so itself
};

[[noreturn]] void fail(const char* operation) {
    std::perror(operation);
    std::exit(1);
}

/// Sends as much as the kernel takes. Returns how much that was, or -1 when the connection is broken.
ssize_t send_some(int fd, std::string_view data) {
    std::size_t sent = 0;
    while (sent < data.size()) {
        const ssize_t n = ::send(fd, data.data() + sent, data.size() - sent, MSG_NOSIGNAL);
        if (n < 0) {
            if (errno == EINTR) continue;
            if (errno == EAGAIN) break;
            return -1;
        }
        sent += static_cast<std::size_t>(n);
    }
    return static_cast<ssize_t>(sent);
}

/// Echoes until the socket is drained or the peer takes no more. Returns false when the connection is over.
bool serve(int fd, Connection& connection) {
    for (;;) {
        if (!connection.unsent.empty()) {
            const ssize_t sent = send_some(fd, connection.unsent);
            if (sent < 0) return false;
            connection.unsent.erase(0, static_cast<std::size_t>(sent));
            if (!connection.unsent.empty()) return true;
        }
        const ssize_t n = ::recv(fd, buffer.data(), buffer.size(), 0);
        if (n == 0) return false;
        if (n < 0) {
            if (errno == EINTR) continue;
            return errno == EAGAIN;
        }
        const std::string_view data(buffer.data(), static_cast<std::size_t>(n));
        const ssize_t sent = send_some(fd, data);
        if (sent < 0) return false;
        if (static_cast<std::size_t>(sent) < data.size())
            connection.unsent.assign(data.substr(static_cast<std::size_t>(sent)));
        if (data.size() < buffer.size() && connection.unsent.empty() && !connection.peer_ended) return true;
    }
}

void accept_all(int epoll, int listener, std::vector<Connection>& connections) {
    for (;;) {
        const int fd = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            if (errno == EINTR || errno == ECONNABORTED) continue;
            if (errno == EAGAIN) return;
            fail("accept4");
        }
        const int on = 1;
        ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (static_cast<std::size_t>(fd) >= connections.size()) connections.resize(static_cast<std::size_t>(fd) * 2);
        connections[static_cast<std::size_t>(fd)] = {};
        epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data = {.fd = fd}};
        if (::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) fail("epoll_ctl");
    }
}

int listen_on(std::uint16_t port) {
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener < 0) fail("socket");
    const int on = 1;
    ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    if (::bind(listener, reinterpret_cast<sockaddr*>(&address), length) != 0) fail("bind");
    if (::listen(listener, SOMAXCONN) != 0) fail("listen");
    ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length);
    std::printf("listening on %d\n", ntohs(address.sin_port));
    std::fflush(stdout);
    return listener;
}

void raise_descriptor_limit() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int main(int argc, char** argv) {
    raise_descriptor_limit();
    const int listener = listen_on(argc > 1 ? static_cast<std::uint16_t>(std::atoi(argv[argc - 1])) : 0);
    const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0) fail("epoll_create1");
    epoll_event event{.events = EPOLLIN | EPOLLET, .data = {.fd = listener}};
    if (::epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event) != 0) fail("epoll_ctl");

    std::vector<Connection> connections(1024);
    std::array<epoll_event, 1024> events;
    for (;;) {
        const int count = ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
        if (count < 0 && errno != EINTR) fail("epoll_wait");
        for (int i = 0; i < count; ++i) {
            const auto [flags, data] = events[static_cast<std::size_t>(i)];
            if (data.fd == listener) {
                accept_all(epoll, listener, connections);
                continue;
            }
            Connection& connection = connections[static_cast<std::size_t>(data.fd)];
            if (flags & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) connection.peer_ended = true;
            if (!serve(data.fd, connection)) ::close(data.fd);
        }
    }
}
