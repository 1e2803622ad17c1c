#include "endpoint.hpp"

#include "network.hpp"

#include <asyncio/base/sys.hpp>

#include <algorithm>
#include <cerrno>
#include <new>
#include <utility>

namespace asyncio::detail::simulated {

using sys::Call;

Endpoint::Endpoint(Network& network, int family) noexcept : network_(&network), family_(family), arrival_(*this) {
    network.enter(*this);
}

Endpoint::~Endpoint() {
    if (network_ != nullptr) network_->close(*this, false);
}

std::int64_t Endpoint::receive(std::span<std::byte> buffer) noexcept {
    if (closed_) return -EBADF;
    if (state_ == State::connecting) return -EAGAIN;
    if (state_ != State::connected) return -ENOTCONN;
    if (buffer.empty()) return 0;
    std::size_t size = buffer.size();
    if (const std::int64_t error = injected(static_cast<int>(Call::recv), size)) return error;
    if (received_.available() > 0) {
        size = network_->dice.shorten(std::min(size, received_.available()));
        received_.pop(buffer.first(size));
        if (peer_ != nullptr) network_->touch(*peer_);  // there is room again
        return static_cast<std::int64_t>(size);
    }
    if (received_.finished()) return 0;
    if (!received_.was_reset()) return -EAGAIN;
    return std::exchange(reset_reported_, true) ? 0 : -ECONNRESET;
}

std::int64_t Endpoint::broken_error() noexcept {
    if (received_.was_reset()) {
        const bool told = std::exchange(reset_reported_, true);
        return told || received_.finished() ? -EPIPE : -ECONNRESET;
    }
    return wrote_into_void_ || write_ended_ ? -EPIPE : 0;
}

std::int64_t Endpoint::send(std::span<const std::byte> data) noexcept {
    if (closed_) return -EBADF;
    if (state_ == State::connecting) return -EAGAIN;
    if (state_ != State::connected) return -EPIPE;
    if (const std::int64_t error = broken_error()) return error;
    if (data.empty()) return 0;
    std::size_t size = data.size();
    if (const std::int64_t error = injected(static_cast<int>(Call::send), size)) return error;
    if (peer_ == nullptr) {
        // The peer closed in an orderly way: as with TCP, the first bytes are lost and the answer is a reset.
        wrote_into_void_ = true;
        return static_cast<std::int64_t>(size);
    }
    if (peer_->received_.room() == 0) return -EAGAIN;
    size = network_->dice.shorten(std::min(size, peer_->received_.room()));
    try {
        peer_->received_.push(data.first(size), network_->now, network_->time_of_arrival());
    } catch (const std::bad_alloc&) {
        return -ENOBUFS;
    }
    peer_->expect_arrival();
    return static_cast<std::int64_t>(size);
}

std::int64_t Endpoint::shutdown_write() noexcept {
    if (closed_) return -EBADF;
    if (state_ != State::connected) return -ENOTCONN;
    std::size_t none = 0;
    if (const std::int64_t error = injected(static_cast<int>(Call::shutdown), none)) return error;
    if (std::exchange(write_ended_, true)) return 0;
    if (peer_ != nullptr) {
        peer_->received_.finish(network_->now, network_->time_of_arrival());
        peer_->expect_arrival();
    }
    network_->touch(*this);  // pending sends fail
    return 0;
}

std::int64_t Endpoint::injected(int call, std::size_t& size) noexcept {
    const std::int64_t error = network_->injected(call, size);
    if (error == -EAGAIN) retry_ = true;
    return error;
}

void Endpoint::expect_arrival() noexcept {
    if (readable()) network_->touch(*this);
    const auto next = received_.next_arrival();
    if (!next || arrival_.scheduled()) return;
    try {
        network_->arrivals.schedule(arrival_, *next);
    } catch (const std::bad_alloc&) {
        received_.settle(Clock::time_point::max());  // no memory for the delay
        network_->touch(*this);
    }
}

bool Endpoint::readable() const noexcept {
    switch (state_) {
        case State::listening:
            return !backlog_.empty();
        case State::connected:
            return received_.available() > 0 || received_.finished() || received_.was_reset();
        case State::connecting:
            return false;
        case State::fresh:
            return true;  // a recv fails at once
    }
    return true;
}

bool Endpoint::writable() const noexcept {
    switch (state_) {
        case State::listening:
            return false;
        case State::connecting:
            return false;
        case State::connected:
            return peer_ == nullptr || write_ended_ || received_.was_reset() || peer_->received_.room() > 0;
        case State::fresh:
            return true;
    }
    return true;
}

std::int64_t Endpoint::attempt(Operation& operation) noexcept {
    switch (operation.kind) {
        case Operation::Kind::readable:
            return readable() ? 0 : -EAGAIN;
        case Operation::Kind::writable:
            return writable() ? 0 : -EAGAIN;
        case Operation::Kind::recv:
            return receive({operation.buffer, operation.size});
        case Operation::Kind::send:
            return send({operation.buffer, operation.size});
        case Operation::Kind::accept:
            return network_->accept(*this, operation);
        case Operation::Kind::connect:
            if (state_ == State::connecting) return -EAGAIN;
            return std::exchange(connect_error_, 0);
    }
    return -EINVAL;
}

bool Endpoint::start(Operation& operation) {
    operation.result = -EBADF;
    if (closed_) return true;
    const bool connects = operation.kind == Operation::Kind::connect;
    if (connects) {
        operation.result = network_->connect(*this, *operation.address);
        if (operation.result < 0) return true;
    }
    const bool outgoing =
        connects || operation.kind == Operation::Kind::send || operation.kind == Operation::Kind::writable;
    Operations& operations = outgoing ? outgoing_ : incoming_;
    // A connect takes at least an iteration; what else could end at once may be made to wait, too.
    const bool later = connects || network_->dice.one_in(4);
    if (!later && operations.empty()) {
        operation.result = attempt(operation);
        if (operation.result != -EAGAIN) return true;
    }
    operation.pending = true;
    operations.push_back(operation);
    const bool under_way = state_ == State::connecting;  // the arrival will touch it
    if ((later && !under_way) || std::exchange(retry_, false)) network_->touch(*this);
    return false;
}

void Endpoint::advance_operations() noexcept {
    retry_ = false;
    advance(incoming_);
    advance(outgoing_);
    if (retry_ && network_ != nullptr) network_->touch(*this);
}

void Endpoint::advance(Operations& operations) noexcept {
    // No more than there are now: a completed operation may be started again at once, and then waits for the next turn.
    std::size_t count = 0;
    for (const Operation* each = operations.front(); each != nullptr; each = operations.next(*each)) ++count;
    for (; count > 0 && !operations.empty(); --count) {
        Operation& operation = *operations.front();
        const std::int64_t result = attempt(operation);
        if (result == -EAGAIN) return;
        Network::complete(operation, result);
    }
    if (!operations.empty() && network_ != nullptr) network_->touch(*this);
}

}  // namespace asyncio::detail::simulated
