#include <asyncio/loop/driver/simulated.hpp>

#include "simulated/network.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>

namespace asyncio {

using detail::simulated::Endpoint;
using detail::simulated::Network;

namespace {

Endpoint& endpoint_of(Descriptor& descriptor) noexcept {
    return static_cast<Endpoint&>(descriptor);
}
const Endpoint& endpoint_of(const Descriptor& descriptor) noexcept {
    return static_cast<const Endpoint&>(descriptor);
}

}  // namespace

/// What another thread or a signal handler raises to end a wait. Waiting on an atomic is a futex below: raising takes
/// no lock, as a signal handler requires.
class SimulatedDriver::WakeFlag {
public:
    void raise() noexcept {
        if (raised_.exchange(1, std::memory_order_acq_rel) == 0) raised_.notify_one();
    }
    /// Lowers it; true if it was raised.
    bool lower() noexcept { return raised_.exchange(0, std::memory_order_acq_rel) != 0; }
    [[nodiscard]] bool raised() const noexcept { return raised_.load(std::memory_order_acquire) != 0; }
    void wait_until_raised() const noexcept { raised_.wait(0, std::memory_order_acquire); }

private:
    std::atomic<int> raised_{0};
};

SimulatedDriver::SimulatedDriver(const SimulatedOptions& options)
    : network_(std::make_unique<Network>(options)),
      woken_(std::make_unique<WakeFlag>()),
      seed_(options.seed),
      allow_threads_(options.allow_threads) {}

SimulatedDriver::~SimulatedDriver() = default;

Clock::time_point SimulatedDriver::now() noexcept {
    return network_->now;
}

void SimulatedDriver::advance(Clock::duration duration) noexcept {
    network_->now = detail::saturating_add(network_->now, std::max(duration, Clock::duration::zero()));
}

void SimulatedDriver::wait(Clock::time_point deadline) {
    ++waits_;
    network_->arrive();
    if (woken_->lower() || network_->has_ready() || deadline <= network_->now) return;

    auto& arrivals = network_->arrivals;
    const Clock::time_point next = arrivals.empty() ? deadline : std::min(deadline, arrivals.next_deadline());
    if (next == Clock::time_point::max()) {
        if (!allow_threads_) return;
        woken_->wait_until_raised();
        woken_->lower();
    } else {
        network_->now = next;
        jump_ = waits_;
        network_->arrive();
    }
}

bool SimulatedDriver::may_block_for_ever() const noexcept {
    return allow_threads_ || io_pending() || woken_->raised();
}

bool SimulatedDriver::io_pending() const noexcept {
    return network_->has_ready() || !network_->arrivals.empty();
}

// This driver has no foreign descriptors to tell the sink of.
void SimulatedDriver::dispatch(WatchSink&) {
    network_->dispatch();
}

void SimulatedDriver::wake() noexcept {
    woken_->raise();
}

std::int64_t SimulatedDriver::watch(int, bool read, bool write) {
    return read || write ? -ENOTSUP : 0;
}

std::int64_t SimulatedDriver::adopt(int, DescriptorPtr&) {
    return -ENOTSUP;
}

std::int64_t SimulatedDriver::open(int family, int type, DescriptorPtr& out) {
    return network_->open(family, type, out);
}

void SimulatedDriver::socket_pair(DescriptorPtr& first, DescriptorPtr& second) {
    network_->pair(first, second);
}

std::int64_t SimulatedDriver::bind(Descriptor& descriptor, const SocketAddress& address) {
    return network_->bind(endpoint_of(descriptor), address);
}

std::int64_t SimulatedDriver::listen(Descriptor& descriptor, int backlog) {
    return network_->listen(endpoint_of(descriptor), backlog);
}

std::int64_t SimulatedDriver::shutdown_write(Descriptor& descriptor) noexcept {
    return endpoint_of(descriptor).shutdown_write();
}

std::int64_t SimulatedDriver::set_option(Descriptor& descriptor, int, int, int) noexcept {
    return descriptor.closed() ? -EBADF : 0;
}

std::int64_t SimulatedDriver::local_address(const Descriptor& descriptor, SocketAddress& out) noexcept {
    return network_->local_address(endpoint_of(descriptor), out);
}

std::int64_t SimulatedDriver::peer_address(const Descriptor& descriptor, SocketAddress& out) noexcept {
    return network_->peer_address(endpoint_of(descriptor), out);
}

void SimulatedDriver::close(Descriptor& descriptor) noexcept {
    network_->close(endpoint_of(descriptor), false);
}

void SimulatedDriver::abort(Descriptor& descriptor) noexcept {
    network_->close(endpoint_of(descriptor), true);
}

std::int64_t SimulatedDriver::try_recv(Descriptor& descriptor, std::span<std::byte> buffer) noexcept {
    Endpoint& endpoint = endpoint_of(descriptor);
    return endpoint.has_receivers() ? -EAGAIN : endpoint.receive(buffer);
}

std::int64_t SimulatedDriver::try_send(Descriptor& descriptor, std::span<const std::byte> data) noexcept {
    Endpoint& endpoint = endpoint_of(descriptor);
    return endpoint.has_senders() ? -EAGAIN : endpoint.send(data);
}

bool SimulatedDriver::start(Operation& operation) {
    return endpoint_of(*operation.descriptor).start(operation);
}

bool SimulatedDriver::cancel(Operation& operation) noexcept {
    operation.unlink();
    operation.pending = false;
    return true;
}

}  // namespace asyncio
