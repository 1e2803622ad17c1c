#pragma once

#include "base/sys_quick.hpp"

#include <asyncio/loop/driver.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>

namespace asyncio::detail {

/// A socket of the system whose driver remembers whether it is ready. The functions below receive and send without a
/// call of the driver where it has these: after a system call each level of functions less counts.
class QuickSocket : public Descriptor {
public:
    /// The driver's descriptor as one of these; nullptr when only the driver knows how to try it.
    [[nodiscard]] static QuickSocket* of(const Driver& driver, Descriptor& descriptor) noexcept {
        return driver.quick_sockets_ ? static_cast<QuickSocket*>(&descriptor) : nullptr;
    }

    /// See Driver::try_recv.
    [[gnu::always_inline]] std::int64_t try_recv(std::span<std::byte> buffer) noexcept {
        if (!may_read) [[unlikely]]
            return closed() ? -EBADF : -EAGAIN;
        long result = -EINTR;
        while (result == -EINTR) result = sys::quick_recv(fd(), buffer.data(), buffer.size());
        if (result > 0) [[likely]] {
            const bool short_read = static_cast<std::size_t>(result) < buffer.size();
            if (short_read && !reads_end_early && !sys::seam.interfered) may_read = false;
            return result;
        }
        if (result == -EAGAIN) may_read = false;
        return result;
    }

    /// See Driver::try_send.
    [[gnu::always_inline]] std::int64_t try_send(std::span<const std::byte> data) noexcept {
        if (!may_write) [[unlikely]]
            return closed() ? -EBADF : -EAGAIN;
        long result = -EINTR;
        while (result == -EINTR) result = sys::quick_send(fd(), data.data(), data.size());
        if (result == static_cast<std::int64_t>(data.size())) [[likely]]
            return result;
        if (result == -EAGAIN || (result >= 0 && !sys::seam.interfered)) may_write = false;
        return result;
    }

    // The driver sets them by its events. "May": true until a call was seen to block or to be short.
    bool may_read = true;
    bool may_write = true;
    bool reads_end_early = false;  // end of file, an error or urgent data: a short read does not mean drained

protected:
    explicit QuickSocket(int fd) noexcept { fd_ = fd; }
};

/// Driver::try_recv, inline where it can be.
inline std::int64_t try_recv(Driver& driver, Descriptor& descriptor, std::span<std::byte> buffer) noexcept {
    if (QuickSocket* const socket = QuickSocket::of(driver, descriptor)) [[likely]]
        return socket->try_recv(buffer);
    return driver.try_recv(descriptor, buffer);
}

/// Driver::try_send, inline where it can be.
inline std::int64_t try_send(Driver& driver, Descriptor& descriptor, std::span<const std::byte> data) noexcept {
    if (QuickSocket* const socket = QuickSocket::of(driver, descriptor)) [[likely]]
        return socket->try_send(data);
    return driver.try_send(descriptor, data);
}

}  // namespace asyncio::detail
