#pragma once

#include <asyncio/base/frame_pool.hpp>
#include <asyncio/base/ready_queue.hpp>
#include <asyncio/task/waiter.hpp>

#include <coroutine>
#include <string_view>

namespace asyncio {

namespace detail {

/// Waits until the loop would block.
class AllTasksBlocked : public Waiter {
public:
    AllTasksBlocked() noexcept = default;
    ~AllTasksBlocked() {
        if (node_ == nullptr) return;
        leave();
        destroyed_while_waiting();
    }

    [[nodiscard]] bool await_ready() const noexcept { return false; }

    template <class P>
    void await_suspend(std::coroutine_handle<P> handle) {
        bind_to_current_task();
        enter();
        suspend(handle);
    }

    void await_resume() { resumed(); }

    bool cancel(std::string_view message) noexcept override;

private:
    /// What stands in the loop's queue. Apart from the waiter, because nothing can leave that queue early.
    struct Node : ReadyNode, Pooled {
        explicit Node(AllTasksBlocked& owner) noexcept : ReadyNode(&Node::run_node), waiter(&owner) {}
        static void run_node(ReadyNode& node, Turn turn);
        AllTasksBlocked* waiter;  // nullptr when it waits no more
    };

    void enter();
    void leave() noexcept;

    Node* node_ = nullptr;
};

}  // namespace detail

namespace testing {

/// Waits until every other task is blocked: nothing is ready and no I/O has come in, so that the loop would block until
/// a timer, I/O or another thread. The virtual clock does not move meanwhile. Several waiters wake together.
///
///     auto consumer = asyncio::create_task(consume(queue));
///     co_await asyncio::testing::wait_all_tasks_blocked();  // the consumer is waiting for the first item now
///
/// Throws RuntimeError when no task runs. Cancellation: CancelledError in the next iteration.
[[nodiscard("write co_await wait_all_tasks_blocked()")]] inline detail::AllTasksBlocked
wait_all_tasks_blocked() noexcept {
    return {};
}

}  // namespace testing
}  // namespace asyncio
