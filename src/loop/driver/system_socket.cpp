#include "system_socket.hpp"

#include <asyncio/base/sys.hpp>

#include <sys/socket.h>

namespace asyncio::detail::system_socket {

namespace {

template <class Call>
std::int64_t address_from(Call call, SocketAddress& out) noexcept {
    std::uint32_t size = SocketAddress::capacity;
    const long result = call(out.data(), &size);
    out.set_size(result < 0 ? 0 : size);
    return result;
}

}  // namespace

bool is_open(int fd) noexcept {
    int type = 0;
    std::uint32_t size = sizeof type;
    return sys::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != -EBADF;
}

std::int64_t bind(int fd, const SocketAddress& address) noexcept {
    return sys::bind(fd, address.data(), address.size());
}

std::int64_t listen(int fd, int backlog) noexcept {
    return sys::listen(fd, backlog);
}

std::int64_t accept(int fd, SocketAddress& peer) noexcept {
    return sys::uninterrupted([&] {
        std::uint32_t size = SocketAddress::capacity;
        const long accepted = sys::accept(fd, peer.data(), &size);
        peer.set_size(size);
        return accepted;
    });
}

std::int64_t start_connect(int fd, const SocketAddress& address) noexcept {
    const long result = sys::connect(fd, address.data(), address.size());
    return result == -EINTR ? -EINPROGRESS : result;
}

std::int64_t connect_outcome(int fd) noexcept {
    int error = 0;
    std::uint32_t size = sizeof error;
    const long result = sys::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    return result < 0 ? result : -error;
}

std::int64_t shutdown_write(int fd) noexcept {
    return sys::shutdown(fd, SHUT_WR);
}

std::int64_t set_option(int fd, int level, int option, int value) noexcept {
    return sys::setsockopt(fd, level, option, &value, sizeof value);
}

std::int64_t local_address(int fd, SocketAddress& out) noexcept {
    return address_from([fd](void* address, std::uint32_t* size) { return sys::getsockname(fd, address, size); }, out);
}

std::int64_t peer_address(int fd, SocketAddress& out) noexcept {
    return address_from([fd](void* address, std::uint32_t* size) { return sys::getpeername(fd, address, size); }, out);
}

}  // namespace asyncio::detail::system_socket
