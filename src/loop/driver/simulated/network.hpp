#pragma once

#include "dice.hpp"
#include "endpoint.hpp"

#include <asyncio/base/clock.hpp>
#include <asyncio/base/intrusive_list.hpp>
#include <asyncio/base/timer_heap.hpp>
#include <asyncio/loop/driver/simulated.hpp>

#include <cstddef>
#include <cstdint>
#include <map>

namespace asyncio::detail::simulated {

/// The world of one SimulatedDriver: its clock, who is bound where, who is connected to whom, and whose operations may
/// go on. A connection attempt finds its listener when it arrives, not when it starts.
class Network {
public:
    explicit Network(const SimulatedOptions& options);
    Network(const Network&) = delete;
    Network& operator=(const Network&) = delete;
    ~Network();

    Clock::time_point now;
    Dice dice;
    TimerHeap arrivals;

    // --- sockets; results as Driver's ---

    std::int64_t open(int family, int type, DescriptorPtr& out);
    std::int64_t bind(Endpoint& endpoint, const SocketAddress& address);
    std::int64_t listen(Endpoint& endpoint, int backlog);
    std::int64_t connect(Endpoint& client, const SocketAddress& address);
    std::int64_t accept(Endpoint& listener, Operation& operation) noexcept;
    std::int64_t local_address(const Endpoint& endpoint, SocketAddress& out) const noexcept;
    std::int64_t peer_address(const Endpoint& endpoint, SocketAddress& out) const noexcept;
    /// `reset`: the peer gets a reset in any case, not only when data was left unread.
    void close(Endpoint& endpoint, bool reset) noexcept;
    void pair(DescriptorPtr& first, DescriptorPtr& second);

    // --- progress ---

    /// The endpoint's operations may go on in the next dispatch.
    void touch(Endpoint& endpoint) noexcept;
    [[nodiscard]] bool has_ready() const noexcept { return !ready_.empty() || !ended_.empty(); }
    /// Lets happen what is due by now.
    void arrive();
    /// Completes what can be completed.
    void dispatch() noexcept;
    static void complete(Operation& operation, std::int64_t result) noexcept;

    /// When that which is sent now gets to the other side.
    [[nodiscard]] Clock::time_point time_of_arrival() noexcept;
    /// What the thread's interceptor wants instead of the call (a sys::Call); 0 for nothing.
    static std::int64_t injected(int call, std::size_t& size) noexcept;
    void enter(Endpoint& endpoint) noexcept { open_.push_back(endpoint); }

private:
    [[nodiscard]] bool in_use(int family, const SocketAddress& address, bool wildcard) const noexcept;
    [[nodiscard]] std::int64_t take_port(Endpoint& endpoint, SocketAddress address, bool wildcard);
    void forget_port(const Endpoint& endpoint) noexcept;
    [[nodiscard]] Endpoint* find_listener(int family, const SocketAddress& address) const noexcept;
    /// The attempt arrives at its address.
    void knock(Endpoint& client) noexcept;
    void join(Endpoint& client, Endpoint& listener) noexcept;
    void refuse(Endpoint& client) noexcept;
    void end_operations(Endpoint& endpoint) noexcept;
    void close_listener(Endpoint& listener) noexcept;
    void leave_peer(Endpoint& endpoint, bool reset) noexcept;

    Clock::duration latency_;
    std::size_t buffer_size_;
    std::uint16_t last_port_;
    std::multimap<std::uint16_t, Endpoint*> bound_;  // Unix sockets under port 0
    IntrusiveList<OpenHook> open_;
    IntrusiveList<ReadyHook> ready_;
    IntrusiveList<Operation> ended_;  // of closed endpoints, for -EBADF
};

}  // namespace asyncio::detail::simulated
