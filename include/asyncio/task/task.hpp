#pragma once

#include <asyncio/base/refuse.hpp>
#include <asyncio/task/call_frame.hpp>
#include <asyncio/task/coro.hpp>
#include <asyncio/task/future.hpp>
#include <asyncio/task/task_core.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace asyncio {

namespace detail {

// Each takes a task of whatever type. Task's functions are `auto`, so that a file that does not call them does not
// instantiate what they return.
[[nodiscard]] std::optional<std::source_location> coroutine_of(const AnyFuture& task);
[[nodiscard]] std::vector<FrameCallGraphEntry> stack_of(const AnyFuture& task, const std::optional<std::size_t>& limit);
void print_stack_of(const AnyFuture& task, const std::optional<std::size_t>& limit, std::FILE* file);

}  // namespace detail

/// A task of whatever result type.
class AnyTask : public AnyFuture {
public:
    /// Used by the library.
    explicit AnyTask(detail::TaskPtr core) noexcept : AnyFuture(detail::FuturePtr(core.get())) {}

    /// "Task-N" unless it was named. Since 3.8.
    [[nodiscard]] std::string get_name() const { return task_core().name(); }
    /// Names the task. Since 3.8.
    void set_name(std::string_view name) const { task_core().set_name(name); }
    /// The context that its steps run in: what is set in there is seen by the task, and the other way round.
    /// Since 3.12.
    [[nodiscard]] Context get_context() const { return task_core().context(); }
    /// How many cancellation requests are open. Since 3.11.
    [[nodiscard]] std::uint32_t cancelling() const { return task_core().cancelling(); }
    /// Takes back one request and returns how many are left; at 0, a cancellation that was not thrown yet is dropped
    /// (3.13). Since 3.11.
    std::uint32_t uncancel() const { return task_core().uncancel(); }

    /// The function of the task's coroutine and the place it is suspended at; none when it has ended. Since 3.8.
    [[nodiscard]] std::optional<std::source_location> get_coro() const;

    /// The chain of awaits that the task is suspended in, the outermost coroutine first; `limit` keeps the innermost
    /// ones. Empty when it is done, whether with an exception or not: those of C++ know no frames. While its step runs,
    /// the outermost coroutine alone.
    [[nodiscard]] std::vector<FrameCallGraphEntry> get_stack(std::optional<std::size_t> limit = std::nullopt) const;
    /// Writes that stack, or the exception of a task that failed, to `file`, by default to stderr.
    void print_stack(std::optional<std::size_t> limit = std::nullopt, std::FILE* file = nullptr) const {
        detail::print_stack_of(*this, limit, file);
    }

    /// Used by the library.
    [[nodiscard]] detail::TaskCore& task_core() const { return static_cast<detail::TaskCore&>(core()); }
};

/// A coroutine that the loop runs, and the future of its result. Made by `create_task`. The loop keeps it alive until
/// it is done: dropping every Task does not stop it. `Task<>` is that of a coroutine without a result.
///
/// `cancel(message)` asks the task to end: CancelledError is thrown at the `co_await` where it waits, in the next
/// iteration. The task may clean up with further awaits, or refuse by catching it. Returns false when it is done.
/// `cancelled()` becomes true when the coroutine has ended with CancelledError.
/// Thread safety: the loop's thread only.
/// Mirrors asyncio.Task.
template <class T = void>
class Task : public Future<T> {
public:
    /// Used by the library.
    explicit Task(detail::TaskPtr core) noexcept : Future<T>(detail::FuturePtr(core.get())) {}

    /// As AnyTask::get_name.
    [[nodiscard]] std::string get_name() const { return task_core().name(); }
    /// As AnyTask::set_name.
    void set_name(std::string_view name) const { task_core().set_name(name); }
    /// As AnyTask::get_context.
    [[nodiscard]] Context get_context() const { return task_core().context(); }
    /// As AnyTask::cancelling.
    [[nodiscard]] std::uint32_t cancelling() const { return task_core().cancelling(); }
    /// As AnyTask::uncancel.
    std::uint32_t uncancel() const { return task_core().uncancel(); }
    /// As AnyTask::get_coro.
    [[nodiscard]] auto get_coro() const { return detail::coroutine_of(*this); }

    /// As AnyTask::get_stack.
    [[nodiscard]] auto get_stack(std::optional<std::size_t> limit = std::nullopt) const {
        return detail::stack_of(*this, limit);
    }
    /// As AnyTask::print_stack.
    void print_stack(std::optional<std::size_t> limit = std::nullopt, std::FILE* file = nullptr) const {
        detail::print_stack_of(*this, limit, file);
    }

    /// The same task, without its type.
    operator AnyTask() const { return AnyTask(detail::TaskPtr(&task_core())); }

    /// Used by the library.
    [[nodiscard]] detail::TaskCore& task_core() const { return static_cast<detail::TaskCore&>(this->core()); }
};

/// The task whose step is being run; none in callbacks. Throws RuntimeError when no loop runs in this thread.
/// Mirrors asyncio.current_task (since 3.7).
[[nodiscard]] std::optional<AnyTask> current_task();
/// The same for a loop, which need not run. None in a forked child, when it is a loop of the parent.
[[nodiscard]] std::optional<AnyTask> current_task(EventLoop& loop);

/// The tasks of the running loop that are not done, in the order of their creation. Throws RuntimeError when no loop
/// runs in this thread. Mirrors asyncio.all_tasks (since 3.7).
[[nodiscard]] std::vector<AnyTask> all_tasks();
/// The same for a loop, which need not run. None in a forked child, when it is a loop of the parent.
[[nodiscard]] std::vector<AnyTask> all_tasks(EventLoop& loop);

}  // namespace asyncio

template <class T>
struct std::tuple_size<asyncio::Task<T>> {
private:
    static constexpr std::size_t value = asyncio::detail::refuse_structured_binding<asyncio::Task<T>>();
};
