#pragma once

#include <asyncio/base/light_traits.hpp>
#include <asyncio/base/standard/functional.hpp>
#include <asyncio/loop/event_loop.hpp>
#include <asyncio/loop/task_options.hpp>
#include <asyncio/task/coro.hpp>
#include <asyncio/task/task.hpp>
#include <asyncio/task/task_core.hpp>

#include <concepts>
#include <coroutine>
#include <exception>
#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace asyncio {

/// The coroutine of a task whose factory wraps it in another one (see NewTask::wrap). `co_await body` runs it, once; it
/// throws what the coroutine throws. The value goes to the task by itself.
class TaskBody {
public:
    using asyncio_awaiter = void;

    /// Leaves `other` without a coroutine.
    TaskBody(TaskBody&& other) noexcept : unstarted_(detail::exchanged(other.unstarted_, nullptr)) {}
    TaskBody& operator=(TaskBody&&) = delete;
    ~TaskBody() {
        // One that was started is destroyed with the chain of its awaits, or has ended.
        if (unstarted_ != nullptr) unstarted_->handle().destroy();
    }

    /// Throws RuntimeError when it was awaited before.
    [[nodiscard]] bool await_ready() const {
        if (unstarted_ == nullptr) detail::throw_already_awaited();
        return false;
    }
    /// Runs the coroutine in the task of the one that awaits.
    template <class P>
    [[gnu::always_inline]] std::coroutine_handle<> await_suspend(std::coroutine_handle<P> awaiting) noexcept {
        running_ = detail::exchanged(unstarted_, nullptr);
        running_->caller = &awaiting.promise();
        running_->slot->error = nullptr;
        return detail::transfer(running_->handle());
    }
    /// Throws what the coroutine has thrown.
    void await_resume();

private:
    friend class NewTask;
    explicit TaskBody(detail::PromiseBase& root) noexcept : unstarted_(&root) {}

    detail::PromiseBase* unstarted_;
    detail::PromiseBase* running_ = nullptr;
};

/// A task that is about to start, as a task factory gets it: looks at it, names it, wraps its coroutine, adds a done
/// callback, and calls `start` before it returns.
///
///     loop.set_task_factory([&](asyncio::EventLoop&, asyncio::NewTask& task, asyncio::TaskOptions options) {
///         ++count;
///         task.start(options);
///     });
///
/// What the factory throws comes out of `create_task`. A factory that returns without a start makes `create_task` throw
/// RuntimeError; the coroutine is destroyed then.
/// In Python a factory returns the task, which may be of a class of its own; here bookkeeping of one's own is kept
/// beside the task (`task()` is a key for it) and ends in a done callback. Mirrors `asyncio.Task(coro, loop=loop)`.
class NewTask {
public:
    NewTask(const NewTask&) = delete;
    NewTask& operator=(const NewTask&) = delete;

    /// The task: pending until it is started.
    [[nodiscard]] AnyTask task() const noexcept { return AnyTask(detail::TaskPtr(&core_)); }
    /// The name that was asked for, or "Task-N".
    [[nodiscard]] std::string get_name() const { return core_.name(); }
    /// Names the task.
    void set_name(std::string_view name) { core_.set_name(name); }
    /// The coroutine function: its name and where it is; after `wrap`, that of the wrapper. Throws RuntimeError after
    /// the start.
    [[nodiscard]] std::source_location get_coro() const { return root().where; }

    /// Calls `callback(AnyTask)` in the iteration after the task is done.
    template <class F>
        requires std::is_invocable_v<std::decay_t<F>&, AnyTask>
    void add_done_callback(F&& callback) {
        auto of_task = [f = std::decay_t<F>(std::forward<F>(callback))](const AnyFuture& future) mutable {
            f(AnyTask(detail::TaskPtr(static_cast<detail::TaskCore*>(&future.core()))));
        };
        detail::add_done_callback<AnyFuture>(core_, std::move(of_task));
    }

    /// The task runs the coroutine that `wrapper(TaskBody)` returns, a Coro<>, which awaits the body:
    ///
    ///     task.wrap([](asyncio::TaskBody body) -> asyncio::Coro<> {
    ///         const Stopwatch stopwatch;
    ///         co_await body;
    ///     });
    ///
    /// The task's result is the body's. It fails with what the wrapper throws, else with what the body threw, even if
    /// the wrapper caught that; with RuntimeError when the wrapper did not await the body. May be called several times,
    /// the last wrapper is the outermost. Throws RuntimeError after the start.
    template <class F>
        requires std::is_same_v<std::invoke_result_t<std::decay_t<F>&, TaskBody>, Coro<>>
    void wrap(F&& wrapper) {
        set_root(run_wrapper(std::decay_t<F>(std::forward<F>(wrapper)), TaskBody(take_root())));
    }

    /// Starts the task; its first step runs in the next iteration, or now (`options.eager_start`). A name in the
    /// options replaces the present one. Throws RuntimeError the second time.
    void start(const TaskOptions& options = {});

private:
    friend class detail::TaskCore;
    explicit NewTask(detail::TaskCore& core) noexcept : core_(core) {}
    ~NewTask();

    template <class F>
    static Coro<> run_wrapper(F wrapper, TaskBody body) {
        co_await wrapper(std::move(body));
    }
    [[nodiscard]] detail::PromiseBase& root() const;
    [[nodiscard]] detail::PromiseBase& take_root();
    void set_root(Coro<> wrapper);

    detail::TaskCore& core_;
    bool started_ = false;
};

/// A task factory: tasks run up to their first suspension inside `create_task`, and one that does not suspend never
/// takes a trip through the loop. `create_task(coro, {.eager_start = false})` starts as ever (3.14).
///
///     loop.set_task_factory(asyncio::eager_task_factory);
///
/// Mirrors asyncio.eager_task_factory (since 3.12).
void eager_task_factory(EventLoop& loop, NewTask& task, TaskOptions options);

/// The same for a factory of your own, which gets `options.eager_start` set and passes it on to `start`. Mirrors
/// asyncio.create_eager_task_factory (since 3.12).
template <class F>
    requires std::convertible_to<F, TaskFactory>
[[nodiscard]] TaskFactory create_eager_task_factory(F&& factory) {
    return [start = TaskFactory(std::forward<F>(factory))](EventLoop& loop, NewTask& task, TaskOptions options) {
        if (!options.eager_start) options.eager_start = true;
        start(loop, task, options);
    };
}

}  // namespace asyncio
