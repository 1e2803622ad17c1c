// A driver of one's own, here on poll(2): everything that an event loop needs to know about the system it runs on.
#pragma once

#include <asyncio/asyncio.hpp>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <deque>
#include <map>
#include <utility>
#include <vector>

namespace foreign {

/// The result of a system call as drivers give it: a negative errno for a failure.
inline std::int64_t checked(std::int64_t result) noexcept {
    return result < 0 ? -errno : result;
}

class PollDriver final : public asyncio::Driver {
    using Operation = asyncio::Operation;
    using Descriptor = asyncio::Descriptor;

    struct Socket final : Descriptor {
        Socket(PollDriver& driver, int fd) : driver(driver) { fd_ = fd; }
        ~Socket() override { driver.close(*this); }
        int mark_closed() { return closed_ = true, std::exchange(fd_, -1); }
        PollDriver& driver;
        bool connecting = false;
        std::deque<Operation*> inputs, outputs;  // pending, in the order of their start
    };

public:
    PollDriver() {
        if (wakeup_ < 0) asyncio::throw_os_error(errno, "create an eventfd");
    }
    ~PollDriver() override {
        while (!sockets_.empty()) close(*sockets_.begin()->second);
        complete_closed();
        ::close(wakeup_);
    }

    std::string_view name() const noexcept override { return "poll"; }
    asyncio::Clock::time_point now() noexcept override { return asyncio::Clock::now(); }
    void wake() noexcept override { static_cast<void>(::eventfd_write(wakeup_, 1)); }

    void wait(asyncio::Clock::time_point deadline) override {
        polled_.assign(1, {wakeup_, POLLIN, 0});
        for (const auto& [fd, events] : watched_) polled_.push_back({fd, events, 0});
        for (const auto& [fd, socket] : sockets_) {
            const int events = (socket->inputs.empty() ? 0 : POLLIN) | (socket->outputs.empty() ? 0 : POLLOUT);
            if (events != 0) polled_.push_back({fd, static_cast<short>(events), 0});
        }
        const bool for_ever = deadline == asyncio::Clock::time_point::max() && closed_.empty();
        const bool at_once = deadline == asyncio::Clock::time_point::min() || !closed_.empty();
        const auto left = for_ever || at_once ? std::chrono::nanoseconds(0) : deadline - now();
        const long ns = left.count() > 0 ? left.count() : 0;
        const timespec timeout{ns / 1'000'000'000, ns % 1'000'000'000};
        if (::ppoll(polled_.data(), polled_.size(), for_ever ? nullptr : &timeout, nullptr) < 0) polled_.clear();
    }

    void dispatch(asyncio::WatchSink& sink) override {
        complete_closed();
        for (const auto& [fd, events, ready] : std::exchange(polled_, {})) {
            if (ready == 0) continue;
            const bool input = (ready & ~POLLOUT) != 0, output = (ready & ~POLLIN) != 0;  // errors concern both
            if (fd == wakeup_) {
                eventfd_t count;
                ::eventfd_read(fd, &count);
            } else if (watched_.contains(fd)) {
                sink.watched_ready(fd, input && (events & POLLIN) != 0, output && (events & POLLOUT) != 0);
            } else if (const auto found = sockets_.find(fd); found != sockets_.end()) {
                const asyncio::DescriptorPtr keep(found->second);  // a completion may give up the last reference
                Socket& socket = *found->second;
                if (input) progress(socket.inputs);
                if (output) progress(socket.outputs);
            }
        }
    }

    std::int64_t open(int family, int type, asyncio::DescriptorPtr& out) override {
        const int fd = ::socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        return fd < 0 ? -errno : adopt(fd, out);
    }
    std::int64_t adopt(int fd, asyncio::DescriptorPtr& out) override {
        if (fd < 0) return -EBADF;
        if (sockets_.contains(fd) || watched_.contains(fd)) return -EBUSY;
        auto* socket = new Socket(*this, fd);
        out = asyncio::DescriptorPtr(socket);
        sockets_.emplace(fd, socket);
        return 0;
    }
    std::int64_t bind(Descriptor& socket, const asyncio::SocketAddress& address) override {
        return checked(::bind(socket.fd(), static_cast<const sockaddr*>(address.data()), address.size()));
    }
    std::int64_t listen(Descriptor& socket, int backlog) override { return checked(::listen(socket.fd(), backlog)); }
    std::int64_t shutdown_write(Descriptor& socket) noexcept override {
        return checked(::shutdown(socket.fd(), SHUT_WR));
    }
    std::int64_t set_option(Descriptor& socket, int level, int option, int value) noexcept override {
        return checked(::setsockopt(socket.fd(), level, option, &value, sizeof value));
    }
    std::int64_t local_address(const Descriptor& socket, asyncio::SocketAddress& out) noexcept override {
        return address_by(&::getsockname, socket, out);
    }
    std::int64_t peer_address(const Descriptor& socket, asyncio::SocketAddress& out) noexcept override {
        return address_by(&::getpeername, socket, out);
    }
    void close(Descriptor& descriptor) noexcept override {
        auto& socket = static_cast<Socket&>(descriptor);
        if (socket.closed()) return;
        sockets_.erase(socket.fd());
        ::close(socket.mark_closed());
        for (auto* queue : {&socket.inputs, &socket.outputs}) {
            closed_.insert(closed_.end(), queue->begin(), queue->end());
            queue->clear();
        }
    }

    std::int64_t try_recv(Descriptor& socket, std::span<std::byte> buffer) noexcept override {
        return checked(::recv(socket.fd(), buffer.data(), buffer.size(), 0));
    }
    std::int64_t try_send(Descriptor& socket, std::span<const std::byte> data) noexcept override {
        return checked(::send(socket.fd(), data.data(), data.size(), MSG_NOSIGNAL));
    }

    bool start(Operation& operation) override {
        if (operation.descriptor->closed()) return operation.result = -EBADF, true;
        std::deque<Operation*>& queue = queue_of(operation);
        if (queue.empty() && (operation.result = attempt(operation, false)) != -EAGAIN) return true;
        queue.push_back(&operation);
        return operation.pending = true, false;
    }
    bool cancel(Operation& operation) noexcept override {
        std::erase(queue_of(operation), &operation);
        std::erase(closed_, &operation);
        operation.pending = false;
        return true;
    }

    std::int64_t watch(int fd, bool read, bool write) override {
        if (sockets_.contains(fd)) return -EBUSY;
        watched_.erase(fd);
        if (!read && !write) return 0;
        if (::fcntl(fd, F_GETFD) < 0) return -errno;
        watched_[fd] = static_cast<short>((read ? POLLIN : 0) | (write ? POLLOUT : 0));
        return 0;
    }

private:
    static std::deque<Operation*>& queue_of(Operation& operation) noexcept {
        auto& socket = static_cast<Socket&>(*operation.descriptor);
        const auto kind = operation.kind;
        const bool out = kind == Operation::Kind::send || kind == Operation::Kind::connect ||
                         kind == Operation::Kind::writable;
        return out ? socket.outputs : socket.inputs;
    }
    template <class F>
    static std::int64_t address_by(F* get, const Descriptor& socket, asyncio::SocketAddress& out) noexcept {
        socklen_t size = asyncio::SocketAddress::capacity;
        const std::int64_t result = checked(get(socket.fd(), static_cast<sockaddr*>(out.data()), &size));
        out.set_size(result < 0 ? 0 : size);
        return result;
    }
    static void complete(Operation& operation, std::int64_t result) noexcept {
        operation.pending = false;
        operation.result = result;
        operation.complete(operation);
    }
    void complete_closed() {
        for (Operation* operation : std::exchange(closed_, {})) complete(*operation, -EBADF);
    }
    void progress(std::deque<Operation*>& queue) {
        while (!queue.empty()) {
            Operation& operation = *queue.front();
            const std::int64_t result = attempt(operation, true);
            if (result == -EAGAIN) return;
            queue.pop_front();
            complete(operation, result);
        }
    }
    std::int64_t attempt(Operation& operation, bool ready) {
        auto& socket = static_cast<Socket&>(*operation.descriptor);
        switch (operation.kind) {
            case Operation::Kind::recv: return try_recv(socket, {operation.buffer, operation.size});
            case Operation::Kind::send: return try_send(socket, {operation.buffer, operation.size});
            case Operation::Kind::accept: return accept(socket, operation);
            case Operation::Kind::connect: return connect(socket, operation, ready);
            default: return ready ? 0 : -EAGAIN;  // readable, writable
        }
    }
    std::int64_t accept(Socket& socket, Operation& operation) {
        asyncio::SocketAddress peer;
        socklen_t size = asyncio::SocketAddress::capacity;
        const int fd = ::accept4(socket.fd(), static_cast<sockaddr*>(peer.data()), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) return -errno;
        peer.set_size(size);
        if (operation.address != nullptr) *operation.address = peer;
        return adopt(fd, operation.accepted);
    }
    static std::int64_t connect(Socket& socket, Operation& operation, bool ready) {
        if (!std::exchange(socket.connecting, true)) {
            const auto* address = static_cast<const sockaddr*>(operation.address->data());
            if (::connect(socket.fd(), address, operation.address->size()) == 0) return 0;
            return errno == EINPROGRESS || errno == EINTR ? -EAGAIN : -errno;
        }
        if (!ready) return -EAGAIN;
        int error = 0;
        socklen_t size = sizeof error;
        ::getsockopt(socket.fd(), SOL_SOCKET, SO_ERROR, &error, &size);
        return -error;
    }

    const int wakeup_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    std::map<int, Socket*> sockets_;
    std::map<int, short> watched_;
    std::vector<pollfd> polled_;
    std::vector<Operation*> closed_;  // pending on sockets that were closed
};

}  // namespace foreign
