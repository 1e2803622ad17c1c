#pragma once

#include <asyncio/base/context.hpp>
#include <asyncio/base/light_traits.hpp>

#include <optional>
#include <string_view>

namespace asyncio {

/// Keyword arguments of `create_task`.
struct TaskOptions {
    /// Default: "Task-N", N global and rising.
    std::string_view name{};
    /// The context that every step runs in, itself and not a copy: shared with whoever else uses it. Default: a copy of
    /// the current one. Since 3.11.
    ContextRef context{};
    /// Runs the first step inside create_task, if the loop runs in this thread. Default: no. Since 3.14 (Task: 3.12).
    std::optional<bool> eager_start{};
};
// See docs/architecture.md: GCC 12 destroys aggregate temporaries with a destructor twice inside co_await expressions.
static_assert(detail::trivially_destructible<TaskOptions>);

}  // namespace asyncio
