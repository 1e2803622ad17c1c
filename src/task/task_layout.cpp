#include <asyncio/task/task_layout.hpp>

#include <asyncio/loop/debug_layout.hpp>
#include <asyncio/task/task_core.hpp>

#include <cstddef>

namespace asyncio::detail {

static_assert(sizeof(std::source_location) == sizeof(void*), "a pointer to what is known about the place");

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winvalid-offsetof"
constinit const TaskLayout DescribeTasks::layout_{
    sizeof(TaskCore),
    // The last base, which has no name to ask for.
    offsetof(TaskCore, leaf_) - sizeof(ListHook),
    offsetof(TaskCore, state_),
    offsetof(TaskCore, waiters_),
    offsetof(TaskCore, slot_offset_),
    offsetof(TaskCore, leaf_),
    offsetof(TaskCore, name_),
    offsetof(SlotBase, child),
    sizeof(PromiseBase),
    offsetof(PromiseBase, caller),
    offsetof(PromiseBase, where),
    offsetof(PromiseBase, slot),
    offsetof(DoneNode, fire),
    &await_edges,
};
#pragma GCC diagnostic pop

DescribeTasks::DescribeTasks() noexcept {
    debug_layout.tasks = &layout_;
}

}  // namespace asyncio::detail
