#pragma once

#include <asyncio/base/intrusive_list.hpp>
#include <asyncio/base/socket_address.hpp>
#include <asyncio/base/sys.hpp>
#include <asyncio/base/unique_fd.hpp>
#include <asyncio/loop/driver.hpp>

#include <cerrno>
#include <cstdint>
#include <new>

/// What every driver on sockets of the system does with them alike. Results are negative errnos on failure.
namespace asyncio::detail::system_socket {

/// Whether the number is that of a descriptor, whatever kind it is of.
bool is_open(int fd) noexcept;
std::int64_t bind(int fd, const SocketAddress& address) noexcept;
std::int64_t listen(int fd, int backlog) noexcept;
/// The new descriptor, and whose it is.
std::int64_t accept(int fd, SocketAddress& peer) noexcept;
/// Starts to connect; -EINPROGRESS when connect_outcome() will tell, once the socket is writable.
std::int64_t start_connect(int fd, const SocketAddress& address) noexcept;
std::int64_t connect_outcome(int fd) noexcept;
std::int64_t shutdown_write(int fd) noexcept;
std::int64_t set_option(int fd, int level, int option, int value) noexcept;
std::int64_t local_address(int fd, SocketAddress& out) noexcept;
std::int64_t peer_address(int fd, SocketAddress& out) noexcept;

/// Opens a socket and has `enroll(fd)` take it over; what that throws comes out, and the socket is closed.
template <class Enroll>
std::int64_t open(int family, int type, Enroll enroll) {
    const long result = sys::socket(family, type, 0);
    if (result < 0) return result;
    UniqueFd fd(static_cast<int>(result));
    enroll(fd.get());
    static_cast<void>(fd.release());
    return 0;
}
/// One try at an accept operation. The driver's `enroll(fd, accepted)` takes the new socket over.
template <class Enroll>
std::int64_t accept(Operation& operation, Enroll enroll) {
    SocketAddress peer;
    const std::int64_t result = accept(operation.descriptor->fd(), peer);
    if (result < 0) return result;
    UniqueFd fd(static_cast<int>(result));
    if (operation.address != nullptr) *operation.address = peer;
    try {
        enroll(fd.get(), operation.accepted);
    } catch (const std::bad_alloc&) {
        return -ENOMEM;
    }
    static_cast<void>(fd.release());
    return 0;
}

/// Whether it waits for the socket to be readable.
inline bool is_input(const Operation& operation) noexcept {
    return operation.kind == Operation::Kind::readable || operation.kind == Operation::Kind::recv ||
           operation.kind == Operation::Kind::accept;
}
/// Takes the operation out of its list and says how it ended.
inline void complete(Operation& operation, std::int64_t result) noexcept {
    operation.unlink();
    operation.pending = false;
    operation.result = result;
    operation.complete(operation);
}
/// Those of sockets that were closed.
inline void complete_closed(IntrusiveList<Operation>& operations) noexcept {
    while (Operation* operation = operations.front()) complete(*operation, -EBADF);
}

}  // namespace asyncio::detail::system_socket
