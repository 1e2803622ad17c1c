#include "network.hpp"

#include <asyncio/base/sys.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace asyncio::detail::simulated {

using sys::Call;

namespace {

// Linux's range for ports that nobody asked for.
constexpr std::uint16_t first_ephemeral_port = 32768;
constexpr std::uint16_t last_ephemeral_port = 60999;
constexpr std::uint64_t longest_extra_latency_ns = 1'000'000;

bool is_wildcard(const SocketAddress& address) {
    if (address.family() == AF_UNIX) return false;
    const std::string host = address.host();
    return host == "0.0.0.0" || host == "::";
}

SocketAddress loopback(int family, std::uint16_t port) {
    if (family == AF_UNIX) return SocketAddress::unix_path("");
    return SocketAddress(family == AF_INET6 ? "::1" : "127.0.0.1", port);
}

}  // namespace

Network::Network(const SimulatedOptions& options)
    : now(options.start),
      dice(options.seed),
      latency_(options.latency),
      buffer_size_(std::max<std::size_t>(options.buffer_size, 1)),
      last_port_(last_ephemeral_port) {}

Network::~Network() {
    while (OpenHook* hook = open_.front()) close(static_cast<Endpoint&>(*hook), false);
    while (Operation* operation = ended_.front()) complete(*operation, -EBADF);  // whoever owns it must hear of it
}

Clock::time_point Network::time_of_arrival() noexcept {
    const Clock::duration extra =
        dice.one_in(4) ? std::chrono::nanoseconds(dice.up_to(longest_extra_latency_ns)) : std::chrono::nanoseconds(0);
    return saturating_add(now, latency_ + extra);
}

std::int64_t Network::injected(int call, std::size_t& size) noexcept {
    sys::Interceptor* const interceptor = sys::current_interceptor();
    if (interceptor == nullptr) return 0;
    // A call that a signal interrupts is made again, as the other drivers do.
    std::int64_t error = -EINTR;
    while (error == -EINTR) error = interceptor->before(static_cast<Call>(call), -1, size);
    return error;
}

std::int64_t Network::open(int family, int type, DescriptorPtr& out) {
    constexpr int type_bits = 0xf;  // the rest are flags
    if (family != AF_INET && family != AF_INET6 && family != AF_UNIX) return -EAFNOSUPPORT;
    if ((type & type_bits) != SOCK_STREAM) return -ESOCKTNOSUPPORT;
    std::size_t none = 0;
    if (const std::int64_t error = injected(static_cast<int>(Call::socket), none)) return error;
    out = DescriptorPtr(new Endpoint(*this, family));
    return 0;
}

bool Network::in_use(int family, const SocketAddress& address, bool wildcard) const noexcept {
    const auto [first, last] = bound_.equal_range(address.port());
    return std::any_of(first, last, [&](const auto& entry) {
        const Endpoint& other = *entry.second;
        return other.family_ == family && (wildcard || other.wildcard_ || other.local_ == address);
    });
}

std::int64_t Network::take_port(Endpoint& endpoint, SocketAddress address, bool wildcard) {
    if (address.port() == 0 && endpoint.family_ != AF_UNIX) {
        std::uint16_t port = last_port_;
        do {
            port = port >= last_ephemeral_port ? first_ephemeral_port : static_cast<std::uint16_t>(port + 1);
            address.set_port(port);
            if (!in_use(endpoint.family_, address, wildcard)) break;
        } while (port != last_port_);
        last_port_ = port;
    }
    if (in_use(endpoint.family_, address, wildcard)) return -EADDRINUSE;
    bound_.emplace(address.port(), &endpoint);
    endpoint.local_ = address;
    endpoint.wildcard_ = wildcard;
    return 0;
}

void Network::forget_port(const Endpoint& endpoint) noexcept {
    const auto [first, last] = bound_.equal_range(endpoint.local_.port());
    const auto place = std::find_if(first, last, [&](const auto& entry) { return entry.second == &endpoint; });
    if (place != last) bound_.erase(place);
}

std::int64_t Network::bind(Endpoint& endpoint, const SocketAddress& address) {
    if (endpoint.closed()) return -EBADF;
    if (!endpoint.local_.empty()) return -EINVAL;
    if (address.family() != endpoint.family_) return -EAFNOSUPPORT;
    std::size_t none = 0;
    if (const std::int64_t error = injected(static_cast<int>(Call::bind), none)) return error;
    return take_port(endpoint, address, is_wildcard(address));
}

std::int64_t Network::listen(Endpoint& endpoint, int backlog) {
    if (endpoint.closed()) return -EBADF;
    if (endpoint.state_ != Endpoint::State::fresh && endpoint.state_ != Endpoint::State::listening) return -EINVAL;
    std::size_t none = 0;
    if (const std::int64_t error = injected(static_cast<int>(Call::listen), none)) return error;
    if (endpoint.local_.empty()) {
        if (endpoint.family_ == AF_UNIX) return -EINVAL;
        const SocketAddress any(endpoint.family_ == AF_INET6 ? "::" : "0.0.0.0", 0);
        if (const std::int64_t error = take_port(endpoint, any, true)) return error;
    }
    // Linux's queue holds one more than was asked for.
    endpoint.backlog_limit_ = static_cast<std::size_t>(std::max(backlog, 0)) + 1;
    endpoint.state_ = Endpoint::State::listening;
    return 0;
}

std::int64_t Network::local_address(const Endpoint& endpoint, SocketAddress& out) const noexcept {
    if (endpoint.closed()) return -EBADF;
    out = endpoint.local_;
    return 0;
}

std::int64_t Network::peer_address(const Endpoint& endpoint, SocketAddress& out) const noexcept {
    if (endpoint.closed()) return -EBADF;
    if (endpoint.state_ != Endpoint::State::connected) return -ENOTCONN;
    out = endpoint.remote_;
    return 0;
}

std::int64_t Network::connect(Endpoint& client, const SocketAddress& address) {
    if (client.state_ == Endpoint::State::connecting) return -EALREADY;
    if (client.state_ != Endpoint::State::fresh) return -EISCONN;
    if (address.family() != client.family_) return -EAFNOSUPPORT;
    std::size_t none = 0;
    if (const std::int64_t error = injected(static_cast<int>(Call::connect), none)) return error;

    if (client.local_.empty() && client.family_ != AF_UNIX) {
        if (const std::int64_t error = take_port(client, loopback(client.family_, 0), false))
            return error == -EADDRINUSE ? -EADDRNOTAVAIL : error;
    }
    // All memory that the connection needs is taken here, where failing is easy.
    auto* other_end = new Endpoint(*this, client.family_);
    client.other_end_ = DescriptorPtr(other_end);
    other_end->received_.allocate(buffer_size_);
    client.received_.allocate(buffer_size_);
    arrivals.schedule(client.arrival_, time_of_arrival());
    client.remote_ = is_wildcard(address) ? loopback(client.family_, address.port()) : address;
    client.state_ = Endpoint::State::connecting;
    client.connect_error_ = 0;
    arrive();
    return 0;
}

void Network::arrive() {
    while (!arrivals.empty() && arrivals.next_deadline() <= now) {
        Endpoint& endpoint = static_cast<Endpoint::ArrivalTimer&>(arrivals.pop()).owner;
        if (endpoint.state_ == Endpoint::State::connecting) {
            knock(endpoint);
        } else {
            endpoint.received_.settle(now);
            endpoint.expect_arrival();
        }
    }
}

Endpoint* Network::find_listener(int family, const SocketAddress& address) const noexcept {
    Endpoint* found = nullptr;
    const auto [first, last] = bound_.equal_range(address.port());
    for (auto place = first; place != last; ++place) {
        Endpoint& candidate = *place->second;
        if (candidate.family_ != family || candidate.state_ != Endpoint::State::listening) continue;
        if (candidate.local_ == address) return &candidate;
        if (candidate.wildcard_) found = &candidate;
    }
    return found;
}

void Network::knock(Endpoint& client) noexcept {
    Endpoint* const listener = find_listener(client.family_, client.remote_);
    if (listener == nullptr) {
        refuse(client);
    } else if (listener->backlog_size_ >= listener->backlog_limit_) {
        listener->line_.push_back(client);
    } else {
        join(client, *listener);
    }
}

void Network::refuse(Endpoint& client) noexcept {
    client.state_ = Endpoint::State::fresh;
    client.connect_error_ = client.family_ == AF_UNIX ? -ENOENT : -ECONNREFUSED;
    client.other_end_ = nullptr;
    touch(client);
}

void Network::join(Endpoint& client, Endpoint& listener) noexcept {
    // The backlog takes over the reference.
    auto& server = static_cast<Endpoint&>(*client.other_end_.detach());
    server.local_ = client.remote_;
    server.remote_ = client.local_;
    server.peer_ = &client;
    client.peer_ = &server;
    server.state_ = client.state_ = Endpoint::State::connected;
    listener.backlog_.push_back(server);
    ++listener.backlog_size_;
    touch(client);
    touch(listener);
}

std::int64_t Network::accept(Endpoint& listener, Operation& operation) noexcept {
    if (listener.state_ != Endpoint::State::listening) return -EINVAL;
    if (listener.backlog_.empty()) return -EAGAIN;
    std::size_t none = 0;
    if (const std::int64_t error = listener.injected(static_cast<int>(Call::accept), none)) return error;
    auto& server = static_cast<Endpoint&>(*listener.backlog_.pop_front());
    --listener.backlog_size_;
    operation.accepted = DescriptorPtr::adopt(&server);
    if (operation.address != nullptr) *operation.address = server.remote_;
    if (QueueHook* next = listener.line_.pop_front()) join(static_cast<Endpoint&>(*next), listener);
    return 0;
}

void Network::pair(DescriptorPtr& first, DescriptorPtr& second) {
    auto* a = new Endpoint(*this, AF_INET);
    first = DescriptorPtr(a);
    auto* b = new Endpoint(*this, AF_INET);
    second = DescriptorPtr(b);
    for (Endpoint* end : {a, b}) {
        end->received_.allocate(buffer_size_);
        static_cast<void>(take_port(*end, loopback(AF_INET, 0), false));
    }
    a->peer_ = b;
    b->peer_ = a;
    a->remote_ = b->local_;
    b->remote_ = a->local_;
    a->state_ = b->state_ = Endpoint::State::connected;
}

}  // namespace asyncio::detail::simulated
