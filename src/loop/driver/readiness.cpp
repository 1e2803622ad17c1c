#include <asyncio/loop/driver/readiness.hpp>

#include "system_socket.hpp"

#include <asyncio/base/sys.hpp>

#include <algorithm>
#include <cerrno>

namespace asyncio {

namespace sys = detail::sys;
namespace system_socket = detail::system_socket;

/// A socket and the operations that wait for it.
class ReadinessDriver::Socket final : public Descriptor {
public:
    Socket(ReadinessDriver& driver, int fd) noexcept : driver_(driver) { fd_ = fd; }
    ~Socket() override {
        if (!closed()) driver_.close(*this);  // a closed one may outlive the driver
    }
    void mark_closed() noexcept {
        closed_ = true;
        fd_ = -1;
    }

    bool wants_read = false;  // as set_interest was told
    bool wants_write = false;
    bool connecting = false;
    bool may_read = true;  // until a call was seen to block
    detail::IntrusiveList<Operation> inputs;
    detail::IntrusiveList<Operation> outputs;

private:
    ReadinessDriver& driver_;
};

ReadinessDriver::ReadinessDriver() noexcept = default;

void ReadinessDriver::found(int fd, bool readable, bool writable) {
    found_.push_back({fd, readable, writable});
}

bool ReadinessDriver::io_pending() const noexcept {
    return std::any_of(slots_.begin(), slots_.end(), [](const Slot& slot) {
        if (slot.socket == nullptr) return slot.watched_read || slot.watched_write;
        return !slot.socket->inputs.empty() || !slot.socket->outputs.empty();
    });
}

ReadinessDriver::~ReadinessDriver() {
    derived_exists_ = false;
    close_sockets();
}

void ReadinessDriver::close_sockets() noexcept {
    for (Slot& slot : slots_) {
        if (slot.socket != nullptr) close(*slot.socket);
    }
    complete_closed();
}

void ReadinessDriver::complete_closed() noexcept {
    system_socket::complete_closed(closed_operations_);
}

void ReadinessDriver::dispatch(WatchSink& sink) {
    complete_closed();
    // One by one and by number: a completion may give up the last reference to a socket.
    for (std::size_t i = 0; i < found_.size(); ++i) {
        const Found& found = found_[i];
        if (static_cast<std::size_t>(found.fd) >= slots_.size()) continue;
        const Slot slot = slots_[static_cast<std::size_t>(found.fd)];
        if (slot.socket == nullptr) {
            sink.watched_ready(found.fd, found.readable && slot.watched_read, found.writable && slot.watched_write);
            continue;
        }
        const DescriptorPtr keep(slot.socket);
        if (found.readable) {
            slot.socket->may_read = true;
            progress(*slot.socket, slot.socket->inputs);
        }
        if (found.writable) progress(*slot.socket, slot.socket->outputs);
    }
    found_.clear();
}

/// Completes operations from the front until one would block.
void ReadinessDriver::progress(Socket& socket, detail::IntrusiveList<Operation>& operations) noexcept {
    while (Operation* operation = operations.front()) {
        const std::int64_t result = attempt(*operation, true);
        if (result == -EAGAIN) break;
        system_socket::complete(*operation, result);
    }
    update_interest(socket);
}

std::int64_t ReadinessDriver::update_interest(Socket& socket) noexcept {
    const bool read = !socket.inputs.empty();
    const bool write = !socket.outputs.empty();
    if (socket.closed() || !derived_exists_ || (read == socket.wants_read && write == socket.wants_write)) return 0;
    const std::int64_t result = set_interest(socket.fd(), read, write);
    if (result < 0) return result;
    socket.wants_read = read;
    socket.wants_write = write;
    return 0;
}

/// False for a number that is not a descriptor's: any may be given, and room is made for them all up to the largest.
bool ReadinessDriver::has_slot(int fd) const noexcept {
    return fd >= 0 && (static_cast<std::size_t>(fd) < slots_.size() || system_socket::is_open(fd));
}

ReadinessDriver::Slot& ReadinessDriver::slot_of(int fd) {
    const auto index = static_cast<std::size_t>(fd);
    if (index >= slots_.size()) slots_.resize(index + 1);
    return slots_[index];
}

/// Takes the descriptor over; when memory runs out, throws and leaves it to the caller.
void ReadinessDriver::enroll(int fd, DescriptorPtr& out) {
    Slot& slot = slot_of(fd);
    auto* socket = new Socket(*this, fd);
    slot = Slot{socket};
    out = DescriptorPtr(socket);
}

std::int64_t ReadinessDriver::open(int family, int type, DescriptorPtr& out) {
    return system_socket::open(family, type, [&](int fd) { enroll(fd, out); });
}

std::int64_t ReadinessDriver::adopt(int fd, DescriptorPtr& out) {
    if (!has_slot(fd)) return -EBADF;
    const Slot& slot = slot_of(fd);
    if (slot.socket != nullptr || slot.watched_read || slot.watched_write) return -EBUSY;
    enroll(fd, out);
    return 0;
}

std::int64_t ReadinessDriver::bind(Descriptor& descriptor, const SocketAddress& address) {
    return system_socket::bind(descriptor.fd(), address);
}

std::int64_t ReadinessDriver::listen(Descriptor& descriptor, int backlog) {
    return system_socket::listen(descriptor.fd(), backlog);
}

std::int64_t ReadinessDriver::shutdown_write(Descriptor& descriptor) noexcept {
    return system_socket::shutdown_write(descriptor.fd());
}

std::int64_t ReadinessDriver::set_option(Descriptor& descriptor, int level, int option, int value) noexcept {
    return system_socket::set_option(descriptor.fd(), level, option, value);
}

std::int64_t ReadinessDriver::local_address(const Descriptor& descriptor, SocketAddress& out) noexcept {
    return system_socket::local_address(descriptor.fd(), out);
}

std::int64_t ReadinessDriver::peer_address(const Descriptor& descriptor, SocketAddress& out) noexcept {
    return system_socket::peer_address(descriptor.fd(), out);
}

void ReadinessDriver::close(Descriptor& descriptor) noexcept {
    auto& socket = static_cast<Socket&>(descriptor);
    if (socket.closed()) return;
    const int fd = socket.fd();
    slots_[static_cast<std::size_t>(fd)] = Slot{};
    if (derived_exists_ && (socket.wants_read || socket.wants_write)) set_interest(fd, false, false);
    socket.mark_closed();
    closed_operations_.splice_back(socket.inputs);
    closed_operations_.splice_back(socket.outputs);
    sys::close(fd);
}

std::int64_t ReadinessDriver::try_recv(Descriptor& descriptor, std::span<std::byte> buffer) noexcept {
    if (descriptor.closed()) return -EBADF;
    const long result = sys::uninterrupted([&] { return sys::recv(descriptor.fd(), buffer.data(), buffer.size(), 0); });
    static_cast<Socket&>(descriptor).may_read = result != -EAGAIN;
    return result;
}

std::int64_t ReadinessDriver::try_send(Descriptor& descriptor, std::span<const std::byte> data) noexcept {
    if (descriptor.closed()) return -EBADF;
    return sys::uninterrupted([&] { return sys::send(descriptor.fd(), data.data(), data.size(), 0); });
}

bool ReadinessDriver::start(Operation& operation) {
    auto& socket = static_cast<Socket&>(*operation.descriptor);
    if (socket.closed()) {
        operation.result = -EBADF;
        return true;
    }
    detail::IntrusiveList<Operation>& queue = system_socket::is_input(operation) ? socket.inputs : socket.outputs;
    if (queue.empty()) {
        operation.result = attempt(operation, false);
        if (operation.result != -EAGAIN) return true;
    }
    queue.push_back(operation);
    if (const std::int64_t refused = update_interest(socket); refused < 0) {
        operation.unlink();
        operation.result = refused;
        return true;
    }
    operation.pending = true;
    return false;
}

bool ReadinessDriver::cancel(Operation& operation) noexcept {
    operation.unlink();
    operation.pending = false;
    update_interest(static_cast<Socket&>(*operation.descriptor));
    return true;
}

std::int64_t ReadinessDriver::watch(int fd, bool read, bool write) {
    if (!has_slot(fd)) return -EBADF;
    Slot& slot = slot_of(fd);
    if (slot.socket != nullptr) return -EBUSY;
    const std::int64_t result = set_interest(fd, read, write);
    if (result < 0 && (read || write)) return result;
    slot = Slot{nullptr, read, write};
    return 0;
}

/// One try at the operation; -EAGAIN when it has to wait. `ready`: the driver has found it to be.
std::int64_t ReadinessDriver::attempt(Operation& operation, bool ready) noexcept {
    Descriptor& socket = *operation.descriptor;
    switch (operation.kind) {
        case Operation::Kind::readable:
            return ready || static_cast<Socket&>(socket).may_read ? 0 : -EAGAIN;
        case Operation::Kind::writable:
            return ready ? 0 : -EAGAIN;
        case Operation::Kind::recv:
            return try_recv(socket, {operation.buffer, operation.size});
        case Operation::Kind::send:
            return try_send(socket, {operation.buffer, operation.size});
        case Operation::Kind::accept:
            return attempt_accept(operation);
        case Operation::Kind::connect:
            return attempt_connect(operation, ready);
    }
    return -EINVAL;
}

std::int64_t ReadinessDriver::attempt_accept(Operation& operation) noexcept {
    return system_socket::accept(operation, [this](int fd, DescriptorPtr& out) { enroll(fd, out); });
}

std::int64_t ReadinessDriver::attempt_connect(Operation& operation, bool ready) noexcept {
    auto& socket = static_cast<Socket&>(*operation.descriptor);
    if (!socket.connecting) {
        const std::int64_t result = system_socket::start_connect(socket.fd(), *operation.address);
        if (result != -EINPROGRESS) return result;
        socket.connecting = true;
        return -EAGAIN;
    }
    if (!ready) return -EAGAIN;
    socket.connecting = false;
    return system_socket::connect_outcome(socket.fd());
}

}  // namespace asyncio
