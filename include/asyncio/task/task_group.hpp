#pragma once

#include <asyncio/base/intrusive_list.hpp>
#include <asyncio/base/owner.hpp>
#include <asyncio/loop/task_options.hpp>
#include <asyncio/task/coro.hpp>
#include <asyncio/task/create_task.hpp>
#include <asyncio/task/task.hpp>
#include <asyncio/task/task_core.hpp>

#include <cstddef>
#include <exception>
#include <optional>
#include <source_location>
#include <string>
#include <utility>
#include <vector>

namespace asyncio {

namespace detail {

class TaskGroupChild;
class TaskGroupExit;

/// Gives TaskGroupChild, which waits in a future's list, its place in the list of its group.
struct TaskGroupMember : ListHook {
protected:
    ~TaskGroupMember() = default;
};

struct DeleteChild {
    void operator()(TaskGroupChild* child) const noexcept;
};
using NewChild = Owner<TaskGroupChild, DeleteChild>;

}  // namespace detail

/// Tasks that belong together: a context manager for `async_with` that leaves no task behind. Its exit waits for all of
/// them, also for those that are added meanwhile.
///
///     co_await asyncio::async_with(asyncio::TaskGroup(), [&](asyncio::TaskGroup& group) -> asyncio::Coro<> {
///         group.create_task(fetch("a"));
///         group.create_task(fetch("b"));
///         co_return;
///     });
///
/// When a task, or the body, fails with anything but CancelledError, the other tasks and the body are cancelled; after
/// all have ended, their exceptions are thrown as one ExceptionGroup, those of the tasks in the order of their end,
/// then the body's. (A BaseExceptionGroup if one of them is not a std::exception; KeyboardInterrupt and SystemExit are
/// thrown as themselves.) A task that is cancelled on its own disturbs nobody.
///
/// Cancellation: of the task that runs the body cancels all tasks of the group; CancelledError comes out when they have
/// ended.
/// Thread safety: the loop's thread only. Mirrors asyncio.TaskGroup (since 3.11).
class TaskGroup {
public:
    TaskGroup() noexcept = default;
    /// Moves one that was not entered; throws RuntimeError otherwise, since tasks refer to it.
    TaskGroup(TaskGroup&& other);
    TaskGroup& operator=(TaskGroup&&) = delete;
    ~TaskGroup();

    /// Starts a coroutine, or a callable that returns one, as a task of the group. Throws RuntimeError before entering,
    /// after the end and while the group shuts down; the coroutine is closed then.
    template <class Coroutine>
    decltype(auto) create_task(Coroutine&& coroutine, TaskOptions options = {},
                               std::source_location place = std::source_location::current()) {
        return make_task<Coroutine>(detail::to_coro(std::forward<Coroutine>(coroutine)), options, place);
    }

    /// Cancels the tasks and the body; the exit then throws neither CancelledError nor ExceptionGroup for it. Before
    /// entering: cancels as soon as it is entered; after the end, or repeated: no effect. Tasks that fail all the same
    /// are reported by ExceptionGroup as ever. Since 3.15.
    void cancel() noexcept;

    /// `<TaskGroup tasks=2 errors=1 cancelling>`
    [[nodiscard]] std::string repr() const;

    /// For `async_with`. Throws RuntimeError when entered before, or outside of a task.
    void aenter();
    /// For `async_with`: waits for all tasks; gives true when `error` is a CancelledError that the group itself caused.
    [[nodiscard]] Coro<bool> aexit(std::exception_ptr error);

private:
    class ExitWait;
    friend class detail::TaskGroupChild;
    friend class detail::TaskGroupExit;

    template <class A, class T>
    detail::MadeOf<Task<T>, detail::safe_source<A>> make_task(Coro<T> coro, const TaskOptions& options,
                                                              const std::source_location& place) {
        try {
            require_accepting();
            detail::NewChild child = make_child();
            Task<T> task = detail::start_task(*loop_, std::move(coro), options, place);
            add(std::move(child), task.task_core());
            return task;
        } catch (...) {
            coro.close();
            throw;
        }
    }
    void require_accepting() const;
    [[nodiscard]] detail::NewChild make_child();
    void add(detail::NewChild child, detail::TaskCore& task);
    void on_task_done(detail::TaskGroupChild& child);
    void take_error(detail::TaskCore& task);
    void abort() noexcept;
    void abort_with_parent() noexcept;
    [[nodiscard]] bool finish(std::exception_ptr error);

    detail::LoopCore* loop_ = nullptr;
    detail::TaskPtr parent_;
    detail::IntrusiveList<detail::TaskGroupMember> children_;
    std::size_t child_count_ = 0;
    std::vector<std::exception_ptr> errors_;
    std::exception_ptr interrupt_;  // the first KeyboardInterrupt or SystemExit
    std::exception_ptr cancelled_;  // a CancelledError to be passed on
    std::exception_ptr body_error_;
    /// A Coro<bool>; made before there are tasks, since without memory for it they would be left.
    detail::PromiseBase* exit_run_ = nullptr;
    ExitWait* exit_ = nullptr;  // while the parent waits in it
    bool entered_ = false;
    bool exiting_ = false;
    bool aborting_ = false;
    bool finished_ = false;
    bool cancel_on_entry_ = false;
    bool parent_cancel_requested_ = false;
};

}  // namespace asyncio
