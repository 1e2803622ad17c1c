#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <span>
#include <string>
#include <string_view>

namespace asyncio {

/// The address of a socket, in the system's own form but without its headers.
/// Thread safety: distinct objects: safe.
class SocketAddress {
public:
    /// No address.
    SocketAddress() noexcept = default;

    /// From a numeric IPv4 or IPv6 address ("127.0.0.1", "::1", with scope "fe80::1%eth0") and a port.
    /// Throws std::invalid_argument when `host` is neither.
    SocketAddress(std::string_view host, std::uint16_t port);

    /// From a system `sockaddr` of `bytes.size()` bytes. Throws std::invalid_argument when it is too long.
    explicit SocketAddress(std::span<const std::byte> bytes);

    /// A path, or an abstract name when it starts with '\0'. Throws std::invalid_argument when it is too long.
    [[nodiscard]] static SocketAddress unix_path(std::string_view path);

    /// True when `host` is a numeric address, so that no resolver is needed.
    [[nodiscard]] static bool is_numeric(std::string_view host) noexcept;

    /// Whether there is no address in it.
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    /// The system's AF_… value; AF_UNSPEC (0) when empty.
    [[nodiscard]] int family() const noexcept;
    /// Whether it is an IPv6 address.
    [[nodiscard]] bool is_ipv6() const noexcept;
    /// The numeric host, or the path of a Unix socket.
    [[nodiscard]] std::string host() const;
    /// The port in the host's byte order; 0 when it is no IP address.
    [[nodiscard]] std::uint16_t port() const noexcept;
    /// Changes the port; does nothing when it is no IP address.
    void set_port(std::uint16_t port) noexcept;

    /// "127.0.0.1:80", "[::1]:80" or the path.
    [[nodiscard]] std::string to_string() const;

    /// The system's form: a `sockaddr` of `size()` bytes.
    [[nodiscard]] const void* data() const noexcept { return storage_.data(); }
    /// The same, for system calls that write one of up to `capacity` bytes; `set_size` comes afterwards.
    [[nodiscard]] void* data() noexcept { return storage_.data(); }
    /// In bytes; 0 when empty.
    [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
    /// How many bytes a system call has written to `data()`.
    void set_size(std::uint32_t size) noexcept { size_ = size; }
    /// How many bytes there is room for.
    static constexpr std::uint32_t capacity = 112;

    /// Whether family, host, port and all else are the same.
    friend bool operator==(const SocketAddress& a, const SocketAddress& b) noexcept;
    /// Prints as `to_string()`.
    template <class Traits>
    friend std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out,
                                                        const SocketAddress& address) {
        return out << address.to_string();
    }

private:
    alignas(8) std::array<std::byte, capacity> storage_{};
    std::uint32_t size_ = 0;
};

}  // namespace asyncio
