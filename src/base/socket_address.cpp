#include <asyncio/base/socket_address.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cstring>
#include <net/if.h>
#include <stdexcept>

namespace asyncio {

static_assert(sizeof(sockaddr_in6) <= SocketAddress::capacity && sizeof(sockaddr_un) <= SocketAddress::capacity);

namespace {

template <class Sockaddr>
Sockaddr read_as(const SocketAddress& address) noexcept {
    Sockaddr value;
    std::memcpy(&value, address.data(), sizeof value);
    return value;
}

template <class Sockaddr>
void write_as(SocketAddress& address, const Sockaddr& value) noexcept {
    std::memcpy(address.data(), &value, sizeof value);
    address.set_size(sizeof value);
}

bool parse_ipv4(std::string_view host, in_addr& out) noexcept {
    char text[INET_ADDRSTRLEN];
    if (host.size() >= sizeof text || host.find('\0') != host.npos) return false;
    std::memcpy(text, host.data(), host.size());
    text[host.size()] = '\0';
    return ::inet_pton(AF_INET, text, &out) == 1;
}

bool parse_ipv6(std::string_view host, in6_addr& out, std::uint32_t& scope) noexcept {
    char text[INET6_ADDRSTRLEN];
    scope = 0;
    if (host.find('\0') != host.npos) return false;
    if (const auto percent = host.find('%'); percent != std::string_view::npos) {
        const std::string zone(host.substr(percent + 1));
        scope = ::if_nametoindex(zone.c_str());
        if (scope == 0) scope = static_cast<std::uint32_t>(std::strtoul(zone.c_str(), nullptr, 10));
        if (scope == 0) return false;
        host = host.substr(0, percent);
    }
    if (host.size() >= sizeof text) return false;
    std::memcpy(text, host.data(), host.size());
    text[host.size()] = '\0';
    return ::inet_pton(AF_INET6, text, &out) == 1;
}

}  // namespace

SocketAddress::SocketAddress(std::string_view host, std::uint16_t port) {
    sockaddr_in v4{};
    sockaddr_in6 v6{};
    if (parse_ipv4(host, v4.sin_addr)) {
        v4.sin_family = AF_INET;
        v4.sin_port = htons(port);
        write_as(*this, v4);
    } else if (parse_ipv6(host, v6.sin6_addr, v6.sin6_scope_id)) {
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(port);
        write_as(*this, v6);
    } else {
        throw std::invalid_argument("not a numeric IP address: '" + std::string(host) + "'");
    }
}

SocketAddress::SocketAddress(std::span<const std::byte> bytes) {
    if (bytes.size() > capacity) throw std::invalid_argument("socket address is too long");
    std::copy(bytes.begin(), bytes.end(), storage_.begin());
    size_ = static_cast<std::uint32_t>(bytes.size());
}

SocketAddress SocketAddress::unix_path(std::string_view path) {
    sockaddr_un un{};
    if (path.size() >= sizeof un.sun_path) throw std::invalid_argument("AF_UNIX path too long");
    un.sun_family = AF_UNIX;
    std::memcpy(un.sun_path, path.data(), path.size());
    SocketAddress address;
    write_as(address, un);
    // An abstract name counts every byte; a path is ended by its zero.
    const bool abstract_name = !path.empty() && path.front() == '\0';
    address.set_size(
        static_cast<std::uint32_t>(offsetof(sockaddr_un, sun_path) + path.size() + (abstract_name ? 0 : 1)));
    return address;
}

bool SocketAddress::is_numeric(std::string_view host) noexcept {
    in_addr v4;
    in6_addr v6;
    std::uint32_t scope;
    return parse_ipv4(host, v4) || parse_ipv6(host, v6, scope);
}

int SocketAddress::family() const noexcept {
    if (size_ < sizeof(sa_family_t)) return AF_UNSPEC;
    sa_family_t family;
    std::memcpy(&family, storage_.data(), sizeof family);
    return family;
}

bool SocketAddress::is_ipv6() const noexcept {
    return family() == AF_INET6;
}

std::string SocketAddress::host() const {
    char text[INET6_ADDRSTRLEN] = "";
    switch (family()) {
        case AF_INET:
            ::inet_ntop(AF_INET, storage_.data() + offsetof(sockaddr_in, sin_addr), text, sizeof text);
            break;
        case AF_INET6:
            ::inet_ntop(AF_INET6, storage_.data() + offsetof(sockaddr_in6, sin6_addr), text, sizeof text);
            break;
        case AF_UNIX: {
            const auto un = read_as<sockaddr_un>(*this);
            if (size_ <= offsetof(sockaddr_un, sun_path)) return "";
            const std::size_t length = size_ - offsetof(sockaddr_un, sun_path);
            if (un.sun_path[0] == '\0') return std::string(un.sun_path, length);
            return std::string(un.sun_path, ::strnlen(un.sun_path, length));
        }
        default:
            break;
    }
    return text;
}

std::uint16_t SocketAddress::port() const noexcept {
    switch (family()) {
        case AF_INET:
            return ntohs(read_as<sockaddr_in>(*this).sin_port);
        case AF_INET6:
            return ntohs(read_as<sockaddr_in6>(*this).sin6_port);
        default:
            return 0;
    }
}

void SocketAddress::set_port(std::uint16_t port) noexcept {
    if (family() == AF_INET) {
        auto v4 = read_as<sockaddr_in>(*this);
        v4.sin_port = htons(port);
        write_as(*this, v4);
    } else if (family() == AF_INET6) {
        auto v6 = read_as<sockaddr_in6>(*this);
        v6.sin6_port = htons(port);
        write_as(*this, v6);
    }
}

std::string SocketAddress::to_string() const {
    switch (family()) {
        case AF_INET:
            return host() + ":" + std::to_string(port());
        case AF_INET6:
            // GCC 12 warns of `"[" + host()` with -O3 (-Wrestrict), wrongly.
            return std::string("[").append(host()).append("]:").append(std::to_string(port()));
        default:
            return host();
    }
}

bool operator==(const SocketAddress& a, const SocketAddress& b) noexcept {
    return a.size_ == b.size_ && std::memcmp(a.data(), b.data(), a.size_) == 0;
}

}  // namespace asyncio
