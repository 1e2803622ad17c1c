#pragma once

#include <asyncio/base/context.hpp>
#include <asyncio/base/standard/memory.hpp>
#include <asyncio/executor/concurrent_future.hpp>
#include <asyncio/executor/loop_link.hpp>
#include <asyncio/loop/event_loop.hpp>
#include <asyncio/task/closure.hpp>
#include <asyncio/task/create_task.hpp>
#include <asyncio/task/task.hpp>

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace asyncio {

namespace detail {

/// Connects a task with the concurrent future that another thread has of it: cancels the task when the future is
/// cancelled, and the future when the loop closes.
class ThreadsafeTask final : public LoopLink, private ConcurrentDone {
public:
    /// Loop's thread; once. Throws std::bad_alloc.
    static IntrusivePtr<ThreadsafeTask> connect(ConcurrentPtr future, FuturePtr task);
    /// Loop's thread: the task is done.
    void task_done() noexcept;

private:
    ThreadsafeTask(ConcurrentPtr future, FuturePtr task) noexcept
        : future_(std::move(future)),
          task_(std::move(task)) {}
    ~ThreadsafeTask() override = default;
    void fire(ConcurrentCore& future) noexcept override;
    void arrived() override;
    void closed() noexcept override;

    ConcurrentPtr future_;
    FuturePtr task_;  // while connected
    LinkEntry entry_;
};

/// Gives a concurrent future to somebody who completes it; who does not, cancels it.
class Promised {
public:
    explicit Promised(ConcurrentPtr future) noexcept : future_(std::move(future)) {}
    Promised(Promised&&) noexcept = default;
    Promised& operator=(Promised&&) = delete;
    ~Promised() {
        if (future_) future_->cancel();
    }
    [[nodiscard]] const ConcurrentPtr& get() const noexcept { return future_; }
    [[nodiscard]] ConcurrentPtr take() noexcept { return std::move(future_); }

private:
    ConcurrentPtr future_;
};

/// Copies how a done task ended. True when a value is to be copied, which the caller must then do.
[[nodiscard]] bool copy_outcome(FutureCore& task, ConcurrentCore& future) noexcept;

/// Carries a coroutine to its loop and starts it there.
template <class T>
class ThreadsafeStart final : public ReadyNode {
public:
    ThreadsafeStart(LoopCore& loop, Coro<T>&& coroutine, ConcurrentPtr future)
        : ReadyNode(&run_start),
          loop_(loop),
          context_(ContextWord::snapshot()),
          coroutine_(std::move(coroutine)),
          future_(std::move(future)) {}

    void give_up() noexcept { coroutine_.close(); }

private:
    static void run_start(ReadyNode& node, Turn turn) {
        const std::unique_ptr<ThreadsafeStart> self(static_cast<ThreadsafeStart*>(&node));
        if (turn == Turn::drop || self->future_.get()->cancelled()) {
            self->coroutine_.close();
            return;
        }
        const ContextScope scope(self->context_);  // the task copies the context of the thread that asked for it
        try {
            self->start();
        } catch (...) {
            // Not there any more when the callback has it, which cancels it then.
            if (const ConcurrentPtr future = self->future_.take()) future->fail(std::current_exception());
        }
    }

    void start() {
        Future<T> task = start_task(loop_, std::move(coroutine_), {});
        auto link = ThreadsafeTask::connect(future_.get(), FuturePtr(&task.core()));
        auto on_done = [link = std::move(link), promised = std::move(future_)](Future<T> done) mutable {
            link->task_done();
            copy(done, *promised.take());
        };
        task.add_done_callback(std::move(on_done));
    }

    static void copy(Future<T>& task, ConcurrentCore& future) {
        if (!copy_outcome(task.core(), future)) return;
        Slot<T>& from = static_cast<Slot<T>&>(task.core().slot());
        Slot<T>& to = static_cast<ConcurrentState<T>&>(future).typed_slot();
        try {
            future.finish_with([&](auto&) { move_value(from, to); });
        } catch (...) {
            future.fail(std::current_exception());
        }
    }

    LoopCore& loop_;
    ContextWord context_;
    Coro<T> coroutine_;
    Promised future_;
};

/// Queues a node behind what was queued before, from whatever thread. False when the loop is closed.
[[nodiscard]] bool post_or_queue(LoopCore& loop, ReadyNode& node) noexcept;

/// Starts what was made of an A.
template <class A, class T>
MadeOf<futures::Future<T>, safe_source<A>> start_threadsafe(EventLoop& loop, Coro<T> coro) {
    const futures::Future<T> future;
    future.core().completed_by(loop.core());
    auto start = std::make_unique<ThreadsafeStart<T>>(loop.core(), std::move(coro), ConcurrentPtr(&future.core()));
    if (!post_or_queue(loop.core(), *start)) {
        start->give_up();
        throw RuntimeError("Event loop is closed");
    }
    static_cast<void>(start.release());
    return future;
}

}  // namespace detail

/// Starts a coroutine, or a callable that returns one, as a task of a loop that runs in another thread, and returns the
/// concurrent future of its result. The task is made in the loop's next iteration and makes its first step in the one
/// after that.
///
///     auto future = asyncio::run_coroutine_threadsafe(ask(question), loop);
///     std::string answer = future.result({.timeout = 5s});
///
/// Cancelling the future cancels the task, a moment later; a task that is cancelled cancels the future, and so does a
/// loop that is closed before the task is done.
/// Throws RuntimeError "Event loop is closed"; the coroutine is destroyed then and has not started.
/// Thread safety: any thread, as long as the loop exists. Waiting in the loop's own thread with `result()` would wait
/// for ever; debug mode throws RuntimeError there. Lambdas inside a co_await expression: as create_task. Mirrors
/// asyncio.run_coroutine_threadsafe (since 3.5.1).
template <detail::TaskSource Coroutine>
[[nodiscard]] decltype(auto) run_coroutine_threadsafe(Coroutine&& coroutine, EventLoop& loop) {
    return detail::start_threadsafe<Coroutine>(loop, detail::to_coro(std::forward<Coroutine>(coroutine)));
}

namespace detail {
struct RunCoroutineThreadsafeTakesACoroutine;
}  // namespace detail
ASYNCIO_REFUSE_BECAUSE(
    "asyncio::run_coroutine_threadsafe takes a coroutine, or a callable without parameters that returns one: write "
    "run_coroutine_threadsafe(f(x), loop), where f is a function that returns asyncio::Coro<>",
    detail::RunCoroutineThreadsafeTakesACoroutine run_coroutine_threadsafe(detail::Anything, EventLoop&))

}  // namespace asyncio
