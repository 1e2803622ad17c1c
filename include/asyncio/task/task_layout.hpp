#pragma once

#include <asyncio/task/await_edge.hpp>

#include <cstdint>

namespace asyncio::detail {

/// The task floor's part of DebugLayout; all offsets are in bytes.
struct TaskLayout {
    std::int32_t task_size;       // TaskCore
    std::int32_t hook_in_task;    // its place in the loop's list
    std::int32_t future_state;    // uint8, 0 is pending
    std::int32_t future_waiters;  // the head of the list of DoneNodes
    std::int32_t future_slot;     // uint16: where in the future its SlotBase is
    std::int32_t task_leaf;       // PromiseBase*
    std::int32_t task_name;       // see TaskCore::name
    std::int32_t slot_child;      // PromiseBase*
    std::int32_t promise_size;    // PromiseBase
    std::int32_t promise_caller;
    std::int32_t promise_where;  // std::source_location, a pointer to file, function (const char*), line (uint32)
    std::int32_t promise_slot;   // SlotBase*
    std::int32_t node_fire;      // DoneNode
    const AwaitEdge* const* edges;
};

/// Fills in DebugLayout::tasks. For TaskCore.
class DescribeTasks {
public:
    DescribeTasks() noexcept;

private:
    static const TaskLayout layout_;
};

}  // namespace asyncio::detail
