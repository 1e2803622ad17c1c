#pragma once

#include <asyncio/base/socket_address.hpp>

#include <cstdint>

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

}  // namespace asyncio::detail::system_socket
