#pragma once

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace crawler::testing {

/// What a client asked for.
struct Request {
    std::string method;
    std::string path;
    std::string head;  ///< The whole head, for looking at headers.
};

/// One connection of the HostileServer, for an answer of any kind, and for misbehaviour of every kind.
class Connection {
public:
    Connection(int fd, const std::atomic<bool>& stopping) : fd_(fd), stopping_(stopping) {}
    ~Connection() { close(); }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    /// False when the client has gone.
    bool send(std::string_view data) {
        answering();
        while (!data.empty()) {
            ssize_t sent = ::send(fd_, data.data(), data.size(), MSG_NOSIGNAL);
            if (sent <= 0) return false;
            data.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }

    /// A well-formed answer.
    void reply(int status, std::string_view body,
               std::string_view headers = "Content-Type: text/html; charset=utf-8\r\n") {
        // In one piece: a second one would wait for the acknowledgement of the first.
        std::string answer = "HTTP/1.1 " + std::to_string(status) +
                             " X\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + std::string(headers) +
                             "\r\n";
        if (!head_only) answer += body;
        send(answer);
    }

    void redirect(std::string_view location) { reply(302, "", "Location: " + std::string(location) + "\r\n"); }

    /// The next request; false when the connection was closed.
    bool receive(Request& request) {
        std::size_t end;
        while ((end = received_.find("\r\n\r\n")) == std::string::npos) {
            if (!wait_readable()) return false;
            char buffer[4096];
            ssize_t size = ::recv(fd_, buffer, sizeof buffer, 0);
            if (size <= 0) return false;
            received_.append(buffer, static_cast<std::size_t>(size));
            if (received_.front() == 0x16) {  // TLS; say what web servers say to that
                reply(400, "");
                return false;
            }
        }
        request.head = received_.substr(0, end);
        received_.erase(0, end + 4);
        auto space = request.head.find(' ');
        request.method = request.head.substr(0, space);
        request.path = request.head.substr(space + 1, request.head.find(' ', space + 1) - space - 1);
        head_only = request.method == "HEAD";
        return true;
    }

    /// Takes the body that the request announced, and counts it.
    std::size_t receive_body(const Request& request) {
        auto header = request.head.find("Content-Length: ");
        std::size_t announced = header == std::string::npos ? 0 : std::stoul(request.head.substr(header + 16));
        std::size_t size = std::min(received_.size(), announced);
        received_.erase(0, size);
        char buffer[65536];
        while (size < announced && wait_readable()) {
            ssize_t more = ::recv(fd_, buffer, std::min(sizeof buffer, announced - size), 0);
            if (more <= 0) break;
            size += static_cast<std::size_t>(more);
        }
        return size;
    }

    /// Says nothing until the client goes away or the server stops.
    void stall() {
        char byte;
        while (wait_readable() && ::recv(fd_, &byte, 1, 0) > 0) {
        }
    }

    /// Closes with a reset instead of a proper end.
    void reset() {
        linger hard{1, 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
        close();
    }

    void close() {
        answering();
        if (fd_ >= 0) ::close(std::exchange(fd_, -1));
    }
    bool is_closed() const { return fd_ < 0; }

    /// To be called when the answer to the present request begins, before the client hears of it.
    void on_answer(std::function<void()> begins) { on_answer_ = std::move(begins); }
    void answering() {
        if (auto begins = std::exchange(on_answer_, nullptr)) begins();
    }

    bool head_only = false;

private:
    bool wait_readable() const {
        pollfd wanted{fd_, POLLIN, 0};
        while (!stopping_) {
            if (::poll(&wanted, 1, 10) != 0) return true;
        }
        return false;
    }

    int fd_;
    const std::atomic<bool>& stopping_;
    std::string received_;
    std::function<void()> on_answer_;
};

/// An HTTP server on a free port of 127.0.0.1, in threads and on bare sockets, so that it shares no code with what is
/// tested. What it does for a path is up to the test, which may break any rule.
class HostileServer {
public:
    using Handler = std::function<void(Connection&, const Request&)>;

    HostileServer() {
        listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 512) != 0)
            throw std::system_error(errno, std::system_category(), "listen");
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
        port_ = ntohs(address.sin_port);
        acceptor_ = std::thread([this] { accept_all(); });
    }

    ~HostileServer() {
        stopping_ = true;
        acceptor_.join();
        for (std::thread& thread : threads_) thread.join();
        ::close(listener_);
    }

    HostileServer(const HostileServer&) = delete;
    HostileServer& operator=(const HostileServer&) = delete;

    std::string url(std::string_view path = "/") const {
        return "http://127.0.0.1:" + std::to_string(port_) + std::string(path);
    }
    int port() const { return port_; }

    /// What happens to requests for exactly this path; others are answered with 404.
    void on(const std::string& path, Handler handler) { handlers_[path] = std::move(handler); }
    void page(const std::string& path, std::string html) {
        on(path, [html = std::move(html)](Connection& connection, const Request&) { connection.reply(200, html); });
    }
    void otherwise(Handler handler) { fallback_ = std::move(handler); }

    /// The requests so far, as "GET /path".
    std::vector<std::string> requests() const {
        std::lock_guard lock(mutex_);
        return requests_;
    }
    std::size_t count(const std::string& request) const {
        std::lock_guard lock(mutex_);
        return static_cast<std::size_t>(std::count(requests_.begin(), requests_.end(), request));
    }

    /// How many connections were made.
    std::size_t connections() const { return connections_; }

    /// For handlers: returns when that many requests have waited for their answers at a time, or after a time that is
    /// too long.
    void wait_for_company(int requests) const {
        auto too_long = std::chrono::steady_clock::now() + std::chrono::seconds(40);
        while (most_ < requests && std::chrono::steady_clock::now() < too_long)
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }

    /// The highest number of requests that waited for the beginning of their answers at a time. Whoever has got an
    /// answer may ask again, on another connection, before the thread that gave it has looked.
    int most_at_a_time() const { return most_; }

private:
    void accept_all() {
        pollfd wanted{listener_, POLLIN, 0};
        while (!stopping_) {
            if (::poll(&wanted, 1, 10) <= 0) continue;
            int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
            if (fd < 0) continue;
            ++connections_;
            threads_.emplace_back([this, fd] { serve(fd); });
        }
    }

    void serve(int fd) {
        Connection connection(fd, stopping_);
        Request request;
        while (!connection.is_closed() && connection.receive(request)) {
            {
                std::lock_guard lock(mutex_);
                requests_.push_back(request.method + " " + request.path);
            }
            int now = ++current_;
            for (int most = most_; now > most && !most_.compare_exchange_weak(most, now);) {
            }
            connection.on_answer([this] { --current_; });
            answer(connection, request);
            connection.answering();
        }
    }

    void answer(Connection& connection, const Request& request) {
        auto found = handlers_.find(request.path);
        if (found != handlers_.end())
            found->second(connection, request);
        else if (fallback_)
            fallback_(connection, request);
        else
            connection.reply(404, "");
    }

    int listener_ = -1;
    int port_ = 0;
    std::atomic<bool> stopping_{false};
    std::atomic<std::size_t> connections_{0};
    std::atomic<int> current_{0};
    std::atomic<int> most_{0};
    std::map<std::string, Handler> handlers_;
    Handler fallback_;
    mutable std::mutex mutex_;
    std::vector<std::string> requests_;
    std::vector<std::thread> threads_;
    std::thread acceptor_;
};

/// A port of 127.0.0.1 on which nobody listens.
class RefusingPort {
public:
    RefusingPort() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        if (::bind(fd_, reinterpret_cast<sockaddr*>(&address), size) != 0)
            throw std::system_error(errno, std::system_category(), "bind");
        ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
        url_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/";
    }
    ~RefusingPort() { ::close(fd_); }
    RefusingPort(const RefusingPort&) = delete;
    RefusingPort& operator=(const RefusingPort&) = delete;

    /// Bound but not listening: connecting is refused, and nobody else can get the port.
    const std::string& url() const { return url_; }

private:
    int fd_;
    std::string url_;
};

}  // namespace crawler::testing
