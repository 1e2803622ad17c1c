#pragma once

#include <optional>
#include <string_view>
#include <type_traits>

namespace asyncio {

/// Keyword arguments of `create_task`.
struct TaskOptions {
    /// Default: "Task-N", N global and rising.
    std::string_view name{};
    /// Runs the first step inside create_task, if the loop runs in this thread. Default: no. Since 3.14 (Task: 3.12).
    std::optional<bool> eager_start{};
};
// See docs/architecture.md: GCC 12 destroys aggregate temporaries with a destructor twice inside co_await expressions.
static_assert(std::is_trivially_destructible_v<TaskOptions>);

}  // namespace asyncio
