#include "network.hpp"

#include <utility>

namespace asyncio::detail::simulated {

void Network::touch(Endpoint& endpoint) noexcept {
    if (endpoint.has_operations() && !static_cast<ReadyHook&>(endpoint).linked()) ready_.push_back(endpoint);
}

void Network::complete(Operation& operation, std::int64_t result) noexcept {
    operation.unlink();
    operation.pending = false;
    operation.result = result;
    operation.complete(operation);
}

void Network::dispatch() noexcept {
    IntrusiveList<Operation> ended;
    ended.splice_back(ended_);
    while (Operation* operation = ended.front()) complete(*operation, -EBADF);

    // Only those that are ready now: what they bring about belongs to the next iteration.
    IntrusiveList<ReadyHook> ready;
    ready.splice_back(ready_);
    while (ReadyHook* hook = ready.pop_front()) {
        if (!ready.empty() && dice.one_in(2)) {
            ready.push_back(*hook);
            continue;
        }
        auto& endpoint = static_cast<Endpoint&>(*hook);
        const DescriptorPtr keep(&endpoint);
        endpoint.advance_operations();
    }
}

void Network::close(Endpoint& endpoint, bool reset) noexcept {
    if (endpoint.closed_) return;
    endpoint.closed_ = true;
    // Nobody has accepted it, and the network ends: the backlog's reference is the last.
    const bool in_backlog = endpoint.state_ == Endpoint::State::connected && static_cast<QueueHook&>(endpoint).linked();
    end_operations(endpoint);
    arrivals.cancel(endpoint.arrival_);
    forget_port(endpoint);
    static_cast<ReadyHook&>(endpoint).unlink();
    static_cast<QueueHook&>(endpoint).unlink();
    static_cast<OpenHook&>(endpoint).unlink();
    close_listener(endpoint);
    leave_peer(endpoint, reset);
    endpoint.other_end_ = nullptr;
    endpoint.network_ = nullptr;
    if (in_backlog) endpoint.release();
}

void Network::end_operations(Endpoint& endpoint) noexcept {
    ended_.splice_back(endpoint.incoming_);
    ended_.splice_back(endpoint.outgoing_);
}

void Network::close_listener(Endpoint& listener) noexcept {
    while (QueueHook* hook = listener.backlog_.pop_front()) {
        const DescriptorPtr server = DescriptorPtr::adopt(&static_cast<Endpoint&>(*hook));
        close(static_cast<Endpoint&>(*server), true);
    }
    while (QueueHook* hook = listener.line_.pop_front()) refuse(static_cast<Endpoint&>(*hook));
}

void Network::leave_peer(Endpoint& endpoint, bool reset) noexcept {
    Endpoint* const peer = std::exchange(endpoint.peer_, nullptr);
    if (peer == nullptr) return;
    peer->peer_ = nullptr;
    // As TCP does: who closes without having read everything resets the connection.
    if (reset || !endpoint.received_.empty()) {
        peer->received_.reset(now, time_of_arrival());
    } else {
        peer->received_.finish(now, time_of_arrival());
    }
    peer->expect_arrival();
    if (peer->has_senders()) touch(*peer);  // nothing will ever make room
}

}  // namespace asyncio::detail::simulated
