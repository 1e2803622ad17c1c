// A closed-loop client for echo servers: each connection sends one message, waits for all of it to come back, checks
// it, and sends the next. It counts the round trips and reads, from outside, how much processor time the server used.
//
//     echo_load PORT:PID [PORT:PID...] [--connections N] [--size BYTES] [--seconds S] [--slice S] [--requests N]
//
// Several servers are loaded in turns, a slice of time each and never two at once, so that all of them meet the same
// noise of the machine. Prints a JSON list with one object for each server, the medians of its slices. A measurement
// ends after --seconds of load on each server, or --requests round trips on each. A server's time is its process clock
// (clock_getcpuclockid): nanoseconds, not ticks.

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using SteadyClock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

/// The beginning of each slice that is not measured: caches fill, and the connections fall out of step with each other.
constexpr Seconds ramp{0.01};

struct Options {
    std::vector<std::pair<std::uint16_t, pid_t>> servers;
    std::size_t connections = 100;
    std::size_t size = 1024;
    Seconds seconds{1.0};
    Seconds slice{0.05};
    std::uint64_t requests = std::numeric_limits<std::uint64_t>::max();
};

struct Connection {
    int fd = -1;
    std::size_t received = 0;  // bytes of the current answer
    std::size_t sent = 0;      // bytes of the current message; less than its size only while the kernel is full
};

/// The state of affairs at one moment; what a slice measured is the difference of two.
struct Sample {
    SteadyClock::time_point time;
    std::uint64_t requests = 0;
    std::int64_t server_ns = 0;
    std::int64_t client_ns = 0;
};

double median(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

/// What the slices of one server gave. Their medians are reported: a slice in which the machine did something else as
/// well does not count.
struct Slices {
    double seconds = 0;
    std::uint64_t requests = 0;
    std::vector<double> requests_per_second;
    std::vector<double> server_ns_per_request;
    std::vector<double> client_ns_per_request;

    void add(const Sample& first, const Sample& last) {
        const double slice_seconds = Seconds(last.time - first.time).count();
        const std::uint64_t slice_requests = last.requests - first.requests;
        seconds += slice_seconds;
        requests += slice_requests;
        if (slice_requests == 0) return;
        const auto count = static_cast<double>(slice_requests);
        requests_per_second.push_back(count / slice_seconds);
        server_ns_per_request.push_back(static_cast<double>(last.server_ns - first.server_ns) / count);
        client_ns_per_request.push_back(static_cast<double>(last.client_ns - first.client_ns) / count);
    }
};

[[noreturn]] void fail(const char* what) {
    std::fprintf(stderr, "echo_load: %s: %s\n", what, std::strerror(errno));
    std::exit(1);
}

[[noreturn]] void usage() {
    std::fputs(
        "usage: echo_load PORT:PID [PORT:PID...] [--connections N] [--size BYTES] [--seconds S] [--slice S] "
        "[--requests N]\n",
        stderr);
    std::exit(2);
}

Options parse(int argc, char** argv) {
    Options options;
    for (int i = 1; i < argc; ++i) {
        const std::string_view name = argv[i];
        if (!name.starts_with("--")) {
            const auto colon = name.find(':');
            if (colon == std::string_view::npos) usage();
            options.servers.emplace_back(static_cast<std::uint16_t>(std::atoi(argv[i])),
                                         std::atoi(argv[i] + colon + 1));
            continue;
        }
        if (++i == argc) usage();
        if (name == "--connections")
            options.connections = std::strtoull(argv[i], nullptr, 10);
        else if (name == "--size")
            options.size = std::strtoull(argv[i], nullptr, 10);
        else if (name == "--seconds")
            options.seconds = Seconds(std::strtod(argv[i], nullptr));
        else if (name == "--slice")
            options.slice = Seconds(std::strtod(argv[i], nullptr));
        else if (name == "--requests")
            options.requests = std::strtoull(argv[i], nullptr, 10);
        else
            usage();
    }
    if (options.servers.empty() || options.connections == 0 || options.size == 0) usage();
    return options;
}

std::int64_t cpu_ns(clockid_t clock) {
    timespec time{};
    if (::clock_gettime(clock, &time) != 0) return 0;
    return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

/// All connections to one server. Between two slices nothing is on its way.
class Target {
public:
    Target(const Options& options, std::uint16_t port, pid_t pid)
        : options_(options),
          message_(options.size, '\0'),
          buffer_(options.size),
          connections_(options.connections) {
        // A pattern with a period that is no power of two, so that a shifted or repeated piece does not go unnoticed.
        for (std::size_t i = 0; i < message_.size(); ++i) message_[i] = static_cast<char>('!' + i % 89);
        if (::clock_getcpuclockid(pid, &server_clock_) != 0) fail("no such process");
        epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
        if (epoll_ < 0) fail("epoll_create1");
        for (Connection& connection : connections_) connect(connection, port);
    }

    bool finished() const {
        return slices_.seconds >= options_.seconds.count() || slices_.requests >= options_.requests;
    }
    const Slices& slices() const { return slices_; }

    void run_slice() {
        sending_ = true;
        for (Connection& connection : connections_) {
            ++in_flight_;
            send_rest(connection);
        }
        const auto begin = SteadyClock::now();
        while (SteadyClock::now() - begin < ramp) step();
        const Sample first = sample();
        while (SteadyClock::now() - first.time < options_.slice &&
               slices_.requests + (requests_ - first.requests) < options_.requests)
            step();
        slices_.add(first, sample());
        sending_ = false;
        while (in_flight_ > 0) step();
    }

private:
    void connect(Connection& connection, std::uint16_t port) {
        connection.fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connection.fd < 0) fail("socket");
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(connection.fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fail("connect");
        const int on = 1;
        ::setsockopt(connection.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.ptr = &connection;
        if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.fd, &event) != 0) fail("epoll_ctl");
    }

    void send_rest(Connection& connection) {
        while (connection.sent < message_.size()) {
            const ssize_t n = ::send(connection.fd, message_.data() + connection.sent,
                                     message_.size() - connection.sent, MSG_NOSIGNAL | MSG_DONTWAIT);
            if (n < 0) {
                // A message bigger than the socket's buffers: the rest goes out when an answer made room.
                if (errno == EAGAIN) return;
                if (errno != EINTR) fail("send");
                continue;
            }
            connection.sent += static_cast<std::size_t>(n);
        }
    }

    void step() {
        std::array<epoll_event, 512> events;
        const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 1000);
        if (count < 0 && errno != EINTR) fail("epoll_wait");
        if (count == 0) {
            std::fputs("echo_load: the server has not answered for a second\n", stderr);
            std::exit(1);
        }
        for (int i = 0; i < count; ++i)
            receive(*static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr));
    }

    void receive(Connection& connection) {
        const std::size_t wanted = message_.size() - connection.received;
        const ssize_t n = ::recv(connection.fd, buffer_.data(), wanted, MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (n < 0) fail("recv");
        if (n == 0 ||
            std::memcmp(buffer_.data(), message_.data() + connection.received, static_cast<std::size_t>(n)) != 0) {
            std::fputs(n == 0 ? "echo_load: the server closed a connection\n" : "echo_load: wrong echo\n", stderr);
            std::exit(1);
        }
        connection.received += static_cast<std::size_t>(n);
        if (connection.received == message_.size()) {
            ++requests_;
            connection.received = connection.sent = 0;
            if (!sending_) {
                --in_flight_;
                return;
            }
        }
        send_rest(connection);
    }

    Sample sample() const {
        return {SteadyClock::now(), requests_, cpu_ns(server_clock_), cpu_ns(CLOCK_PROCESS_CPUTIME_ID)};
    }

    const Options& options_;
    std::string message_;
    std::vector<char> buffer_;
    std::vector<Connection> connections_;
    clockid_t server_clock_{};
    int epoll_ = -1;
    bool sending_ = false;       // an answer that is complete is followed by the next message
    std::size_t in_flight_ = 0;  // connections that wait for an answer
    std::uint64_t requests_ = 0;
    Slices slices_;
};

void report(const std::vector<std::unique_ptr<Target>>& targets) {
    const char* separator = "[";
    for (const auto& target : targets) {
        const Slices& slices = target->slices();
        if (slices.requests_per_second.empty()) {
            std::fputs("echo_load: no request was answered\n", stderr);
            std::exit(1);
        }
        std::printf(
            "%s{\"requests\": %llu, \"seconds\": %.6f, \"requests_per_second\": %.1f, \"server_ns_per_request\": %.2f, "
            "\"client_ns_per_request\": %.2f}",
            separator, static_cast<unsigned long long>(slices.requests), slices.seconds,
            median(slices.requests_per_second), median(slices.server_ns_per_request),
            median(slices.client_ns_per_request));
        separator = ", ";
    }
    std::puts("]");
}

}  // namespace

int main(int argc, char** argv) {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);

    const Options options = parse(argc, argv);
    std::vector<std::unique_ptr<Target>> targets;
    for (const auto& [port, pid] : options.servers) targets.push_back(std::make_unique<Target>(options, port, pid));
    for (std::size_t first = 0; !targets.back()->finished(); ++first) {
        // Who comes first changes from turn to turn, so that nobody always follows the same neighbour.
        for (std::size_t i = 0; i < targets.size(); ++i) targets[(first + i) % targets.size()]->run_slice();
    }
    report(targets);
}
