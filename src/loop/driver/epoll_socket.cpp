// The socket half of the epoll driver: opening, closing, and the single attempts at each operation.

#include "epoll_entry.hpp"
#include "system_socket.hpp"

#include <asyncio/base/sys.hpp>
#include <asyncio/loop/driver/epoll.hpp>

#include <sys/epoll.h>

#include <cerrno>

namespace asyncio {

namespace sys = detail::sys;
namespace system_socket = detail::system_socket;

/// Takes the descriptor over; when memory runs out, throws and leaves it to the caller.
void EpollDriver::enroll(int fd, DescriptorPtr& out) {
    const auto index = static_cast<std::size_t>(fd);
    if (index >= slots_.size()) slots_.resize(index + 1);
    Slot& slot = slots_[index];
    auto* entry = new Entry(*this, fd);
    slot = Slot{entry, slot.generation + 1, false, false};
    out = DescriptorPtr(entry);
}

std::int64_t EpollDriver::open(int family, int type, DescriptorPtr& out) {
    return system_socket::open(family, type, [&](int fd) { enroll(fd, out); });
}

std::int64_t EpollDriver::adopt(int fd, DescriptorPtr& out) {
    const auto index = static_cast<std::size_t>(fd);
    if (fd < 0) return -EBADF;
    if (index < slots_.size()) {
        const Slot& slot = slots_[index];
        if (slot.entry != nullptr || slot.watched_read || slot.watched_write) return -EBUSY;
    } else if (!system_socket::is_open(fd)) {
        return -EBADF;
    }
    enroll(fd, out);
    return 0;
}

std::int64_t EpollDriver::bind(Descriptor& descriptor, const SocketAddress& address) {
    return system_socket::bind(descriptor.fd(), address);
}

std::int64_t EpollDriver::listen(Descriptor& descriptor, int backlog) {
    return system_socket::listen(descriptor.fd(), backlog);
}

std::int64_t EpollDriver::shutdown_write(Descriptor& descriptor) noexcept {
    return system_socket::shutdown_write(descriptor.fd());
}

std::int64_t EpollDriver::set_option(Descriptor& descriptor, int level, int option, int value) noexcept {
    return system_socket::set_option(descriptor.fd(), level, option, value);
}

std::int64_t EpollDriver::local_address(const Descriptor& descriptor, SocketAddress& out) noexcept {
    return system_socket::local_address(descriptor.fd(), out);
}

std::int64_t EpollDriver::peer_address(const Descriptor& descriptor, SocketAddress& out) noexcept {
    return system_socket::peer_address(descriptor.fd(), out);
}

void EpollDriver::close(Descriptor& descriptor) noexcept {
    auto& entry = static_cast<Entry&>(descriptor);
    if (entry.closed()) return;
    const int fd = entry.fd();
    Slot& slot = slots_[static_cast<std::size_t>(fd)];
    slot = Slot{nullptr, slot.generation + 1, false, false};
    if (entry.armed) {
        // Explicitly: a copy of the descriptor in a forked child would keep it in the set.
        epoll_event event{};
        sys::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, &event);
    }
    entry.mark_closed();
    closed_operations_.splice_back(entry.inputs);
    closed_operations_.splice_back(entry.outputs);
    sys::close(fd);
}

/// Makes sure that a change of readiness will be reported. What a fault plan hid from the last call is reported again.
std::int64_t EpollDriver::arm(Entry& entry) noexcept {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    event.data.u64 = token_of(entry.fd());
    const long result = sys::epoll_ctl(epoll_.get(), entry.armed ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, entry.fd(), &event);
    if (result == 0) entry.armed = asks_system_ = true;
    return result;
}

std::int64_t EpollDriver::try_recv(Descriptor& descriptor, std::span<std::byte> buffer) noexcept {
    return static_cast<Entry&>(descriptor).try_recv(buffer);
}

std::int64_t EpollDriver::try_send(Descriptor& descriptor, std::span<const std::byte> data) noexcept {
    return static_cast<Entry&>(descriptor).try_send(data);
}

/// One try at the operation; -EAGAIN when it has to wait.
std::int64_t EpollDriver::attempt(Operation& operation) {
    auto& entry = static_cast<Entry&>(*operation.descriptor);
    switch (operation.kind) {
        case Operation::Kind::readable:
            return entry.may_read ? 0 : -EAGAIN;
        case Operation::Kind::writable:
            return entry.may_write ? 0 : -EAGAIN;
        case Operation::Kind::recv:
            return entry.try_recv({operation.buffer, operation.size});
        case Operation::Kind::send:
            return entry.try_send({operation.buffer, operation.size});
        case Operation::Kind::accept:
            return attempt_accept(operation);
        case Operation::Kind::connect:
            return attempt_connect(operation);
    }
    return -EINVAL;
}

std::int64_t EpollDriver::attempt_accept(Operation& operation) {
    auto& entry = static_cast<Entry&>(*operation.descriptor);
    if (!entry.may_read) return -EAGAIN;
    const std::int64_t result =
        system_socket::accept(operation, [this](int fd, DescriptorPtr& out) { enroll(fd, out); });
    if (result == -EAGAIN) entry.may_read = false;
    return result;
}

std::int64_t EpollDriver::attempt_connect(Operation& operation) noexcept {
    auto& entry = static_cast<Entry&>(*operation.descriptor);
    if (!entry.connecting) {
        const std::int64_t result = system_socket::start_connect(entry.fd(), *operation.address);
        if (result != -EINPROGRESS) return result;
        entry.connecting = true;
        entry.may_write = false;
        return -EAGAIN;
    }
    if (!entry.may_write) return -EAGAIN;
    entry.connecting = false;
    return system_socket::connect_outcome(entry.fd());
}

}  // namespace asyncio
