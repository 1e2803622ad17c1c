#include <asyncio/testing/all_tasks_blocked.hpp>

#include <asyncio/loop/loop_core.hpp>

#include <utility>

namespace asyncio::detail {

void AllTasksBlocked::enter() {
    node_ = new Node(*this);
    task_->loop().idle_waiters.push(*node_);
}

void AllTasksBlocked::leave() noexcept {
    if (node_ != nullptr) std::exchange(node_, nullptr)->waiter = nullptr;
}

bool AllTasksBlocked::cancel(std::string_view message) noexcept {
    if (node_ == nullptr) return false;
    leave();
    accept_cancel(message);
    return true;
}

void AllTasksBlocked::Node::run_node(ReadyNode& node, Turn turn) {
    auto& self = static_cast<Node&>(node);
    if (AllTasksBlocked* const waiter = std::exchange(self.waiter, nullptr)) {
        waiter->node_ = nullptr;
        if (turn == Turn::run) waiter->wake();
    }
    delete &self;
}

}  // namespace asyncio::detail
