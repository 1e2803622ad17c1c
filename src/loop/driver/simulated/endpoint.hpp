#pragma once

#include "pipe.hpp"

#include <asyncio/base/intrusive_list.hpp>
#include <asyncio/base/timer_heap.hpp>
#include <asyncio/loop/driver.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace asyncio::detail::simulated {

class Network;

/// An endpoint's places in the three lists that it can be in.
struct ReadyHook : ListHook {};  // the network's list of endpoints whose operations may go on
struct QueueHook : ListHook {};  // a listener's backlog, or the line of those who wait for room in it
struct OpenHook : ListHook {};   // the network's list of open endpoints

/// One simulated socket.
///
///     fresh ──listen()──► listening
///       │ ▲
///       │ └─ refused ──┐
///       └─connect()─► connecting ──► connected
///
/// and from each of them `close` to closed.
class Endpoint final : public Descriptor, public ReadyHook, public QueueHook, public OpenHook {
public:
    enum class State : std::uint8_t { fresh, listening, connecting, connected };

    Endpoint(Network& network, int family) noexcept;
    ~Endpoint() override;

    // --- data: byte counts or a negative errno, -EAGAIN when they would block ---

    std::int64_t receive(std::span<std::byte> buffer) noexcept;
    std::int64_t send(std::span<const std::byte> data) noexcept;
    std::int64_t shutdown_write() noexcept;

    // --- operations ---

    /// As Driver::start.
    bool start(Operation& operation);
    [[nodiscard]] bool has_operations() const noexcept { return !incoming_.empty() || !outgoing_.empty(); }
    [[nodiscard]] bool has_receivers() const noexcept { return !incoming_.empty(); }
    [[nodiscard]] bool has_senders() const noexcept { return !outgoing_.empty(); }
    /// Completes the pending operations that can be.
    void advance_operations() noexcept;

private:
    friend class Network;
    struct ArrivalTimer : TimerNode {
        explicit ArrivalTimer(Endpoint& owner) noexcept : TimerNode([](ReadyNode&, Turn) {}), owner(owner) {}
        Endpoint& owner;
    };
    using Operations = IntrusiveList<Operation>;

    /// The operation's result, or -EAGAIN when it has to wait.
    std::int64_t attempt(Operation& operation) noexcept;
    void advance(Operations& operations) noexcept;
    [[nodiscard]] bool readable() const noexcept;
    [[nodiscard]] bool writable() const noexcept;
    /// What a send must fail with because the connection is broken; 0 when it is not.
    std::int64_t broken_error() noexcept;
    /// What an interceptor wants instead of the call; 0 for nothing.
    std::int64_t injected(int call, std::size_t& size) noexcept;
    /// Something has been put into `received_`, to be seen now or later.
    void expect_arrival() noexcept;

    Network* network_;  // nullptr once closed
    State state_ = State::fresh;
    int family_;
    SocketAddress local_;
    SocketAddress remote_;
    Operations incoming_;  // readable, recv, accept
    Operations outgoing_;  // writable, send, connect
    bool retry_ = false;   // an injected EAGAIN: nothing else would bring the operation on

    // connecting
    DescriptorPtr other_end_;  // what the listener will hand out, made in advance
    std::int64_t connect_error_ = 0;
    ArrivalTimer arrival_;

    // connected
    Endpoint* peer_ = nullptr;  // nullptr once it is closed
    Pipe received_;
    bool write_ended_ = false;      // by shutdown_write
    bool wrote_into_void_ = false;  // after the peer's close: the next send fails with EPIPE
    bool reset_reported_ = false;   // ECONNRESET is told once, as the system does

    // listening
    IntrusiveList<QueueHook> backlog_;  // connected, not accepted; each with a reference
    IntrusiveList<QueueHook> line_;     // connecting endpoints that wait for room in the backlog
    std::size_t backlog_size_ = 0;
    std::size_t backlog_limit_ = 0;
    bool wildcard_ = false;  // bound to every address
};

}  // namespace asyncio::detail::simulated
