#include "manual_edge.hpp"

#include <cstddef>

namespace asyncio::detail {

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winvalid-offsetof"
AwaitEdge ManualEdge::edge_{
    &Entry::future_done, 1, offsetof(ManualEdge, waiter_) - offsetof(ManualEdge, at_future_), 0, 0, false};
#pragma GCC diagnostic pop

ManualEdge::ManualEdge(FutureCore& future, FutureCore& waiter) noexcept : waiter_(&waiter) {
    future.enter(at_future_);
    waiter.enter(at_waiter_);
}

ManualEdge* ManualEdge::find(FutureCore& future, const FutureCore& waiter) noexcept {
    const auto& nodes = future.waiters();
    for (DoneNode* node = nodes.front(); node != nullptr; node = nodes.next(*node)) {
        if (node->fire != &Entry::future_done) continue;
        ManualEdge& edge = static_cast<Entry*>(node)->edge;
        if (edge.waiter_ == &waiter) return &edge;
    }
    return nullptr;
}

bool ManualEdge::owns(const DoneNode& node) noexcept {
    return node.fire == &Entry::future_done || node.fire == &Entry::waiter_done;
}

void ManualEdge::Entry::future_done(DoneNode& node, Turn) noexcept {
    delete &static_cast<Entry&>(node).edge;
}

void ManualEdge::Entry::waiter_done(DoneNode& node, Turn) noexcept {
    delete &static_cast<Entry&>(node).edge;
}

}  // namespace asyncio::detail
