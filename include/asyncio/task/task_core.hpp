#pragma once

#include <asyncio/base/ready_queue.hpp>
#include <asyncio/loop/task_options.hpp>
#include <asyncio/task/future_core.hpp>
#include <asyncio/task/promise.hpp>

#include <cstdint>
#include <exception>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>

namespace asyncio {
class NewTask;
}  // namespace asyncio

namespace asyncio::detail {

class Waiter;

/// The untyped part of a task: a root coroutine plus its wait state.
///
///     queued ──step()──► running ──suspend()──► waiting
///       ▲                   │ └─root returns──► done
///       └───── wake() ◄─────┼───────────────────┘
///                           └ a waiter that accepts cancel() wakes as well, with CancelledError
///
/// The loop holds a reference until the task is done or the loop is closed.
class TaskCore : public FutureCore, public ReadyNode, public ListHook {
public:
    // --- the verbs of everything that waits ---

    /// The running step leaves at `leaf`, waiting for `waiter` (nullptr: it only gives way and is queued already).
    void suspend(PromiseBase& leaf, Waiter* waiter) noexcept {
        leaf_ = &leaf;
        waiter_ = waiter;
        if ((pending_ & must_cancel) != 0) [[unlikely]]
            pass_on_cancel();
    }
    /// Runs the next step in the next iteration.
    void wake() noexcept {
        ++loop_->wakeups;
        loop_->make_ready(*this);
    }
    /// The same; the await throws CancelledError(message).
    void wake_with_cancel(std::string_view message) noexcept;
    /// The same with a CancelledError that was made before.
    void wake_with(std::exception_ptr cancelled) noexcept;
    /// The next step, now: for whoever has the task's turn in the ready queue, in place of wake().
    void go_on();
    /// Whether the next step will throw instead of going on: cancelled while it was already its turn.
    [[nodiscard]] bool must_throw() const noexcept { return pending_ != 0; }
    /// First thing after a suspension: throws what cancel() left for this step. Thrown from the coroutine itself: a
    /// function between would have the exception_ptr to destroy, and so make the unwinder start twice.
    [[gnu::always_inline]] void resumed() {
        if (must_throw()) [[unlikely]]
            std::rethrow_exception(take_pending());
    }
    /// What resumed() throws when must_throw().
    [[nodiscard, gnu::cold]] std::exception_ptr take_pending() noexcept;
    /// Before resumed(), for a wait that ended with a CancelledError of its own, which then takes precedence.
    void forget_own_cancel() noexcept {
        if ((pending_ & cancelled_wait) != 0) return;
        pending_ = 0;
        pending_error_ = nullptr;
    }

    /// The awaiter is destroyed while it waits. Unless that is because the frames are, the task cannot go on where it
    /// stands: its frames are destroyed at its next turn, and it fails with RuntimeError.
    void lose(const Waiter& awaiter) noexcept;

    // --- asyncio's task ---

    bool cancel(std::string_view message) noexcept override;
    /// The part of cancel() without gatherings, for those that are awaited deep inside each other: false when it was
    /// refused. When it leads to a task that awaits a gathering, `asking` is that task: the caller cancels the
    /// gathering, and tells the task when that did not accept or waits for the task itself.
    bool begin_cancel(std::string_view message, TaskCore*& asking, GatherCore*& gathering) noexcept;
    void cancel_not_accepted(std::string_view message) noexcept;
    void cancel_came_round(std::string_view message) noexcept;
    [[nodiscard]] std::uint32_t cancelling() const noexcept { return cancel_requests_; }
    std::uint32_t uncancel() noexcept;
    [[nodiscard]] bool is_task() const noexcept final { return true; }
    [[nodiscard]] std::string repr() const override;
    /// Without what it waits for and who waits for it.
    [[nodiscard]] std::string short_repr() const;
    [[nodiscard]] std::string name() const;
    void set_name(std::string_view name);
    /// Tells a task from a later one in the same memory, but for one in sixteen million.
    [[nodiscard]] std::uint32_t serial() const noexcept { return serial_; }
    /// What its steps run in.
    [[nodiscard]] Context context() { return context_.share(abandoned_ || (leaf_ == nullptr && linked())); }
    /// The same for a ContextScope, where something is said about the task.
    [[nodiscard]] ContextWord& context_word() noexcept { return context_; }

    /// The coroutine that is suspended innermost, or the root before the first step; nullptr when running or done.
    [[nodiscard]] PromiseBase* leaf() const noexcept { return leaf_; }
    [[nodiscard]] Waiter* waiter() const noexcept { return waiter_; }
    /// The function of the root coroutine, and the place of its co_await; none when it has ended.
    [[nodiscard]] std::optional<std::source_location> coroutine() noexcept;

    /// Takes the coroutine, enters the loop's list of tasks and queues the first step (or runs it now, if eager); or
    /// leaves the latter to the loop's task factory. Throws RuntimeError when the loop is closed, or when it is eager
    /// and a thread runs in its context already; the coroutine is destroyed then.
    void start(PromiseBase* root, const TaskOptions& options);

protected:
    explicit TaskCore(LoopCore& loop) noexcept : FutureCore(loop), ReadyNode(&first_step) {}
    ~TaskCore() override;
    /// As that of FutureCore, in the context of the task.
    void report_if_unretrieved() noexcept;

private:
    friend class asyncio::NewTask;
    friend class DescribeTasks;
    void start_by_factory(const TaskOptions& options);
    [[nodiscard]] bool prepare(const TaskOptions& options);
    void begin(bool eager);
    void drop_name() noexcept;
    // What runs at its turn.
    static void first_step(ReadyNode& node, Turn turn);
    static void next_step(ReadyNode& node, Turn turn);
    static void lost_step(ReadyNode& node, Turn turn);
    static void abandon(ListHook& hook) noexcept;
    inline void step();  // in task_core.cpp
    void step_in_debug();
    inline void advance();
    void destroy_root();
    void finish();
    void finish_broken(std::exception_ptr error);
    void finish_unstarted() noexcept;
    void leave_loop() noexcept;
    void pass_on_cancel() noexcept;

    PromiseBase* leaf_ = nullptr;
    Waiter* waiter_ = nullptr;
    ContextWord context_;
    /// Why the next resumption throws pending_error_. In one byte, so that it has one thing to look at.
    enum Pending : std::uint8_t {
        must_cancel = 1,     // a cancel() that no waiter accepted
        cancelled_wait = 2,  // a waiter was cancelled
    };
    std::exception_ptr pending_error_;
    std::uint64_t name_ = 0;  // an odd number: 2N+1 for the default Task-N; else a std::string*
    std::uint32_t cancel_requests_ = 0;
    std::uint8_t pending_ : 7 = 0;
    bool abandoned_ : 1 = false;  // its loop closes, and destroys its frames
    std::uint32_t serial_ : 24 = 0;
};

using TaskPtr = IntrusivePtr<TaskCore>;

/// The state of a Task<T>.
template <class T>
class TaskState final : public TaskCore {
public:
    explicit TaskState(LoopCore& loop) noexcept : TaskCore(loop) { place_slot(slot_); }
    ~TaskState() override { report_if_unretrieved(); }

private:
    [[nodiscard]] std::string describe_result() const override { return describe_slot(slot_); }

    Slot<T> slot_;
};

[[noreturn]] void throw_no_current_task();

/// The task whose step runs in this thread. Throws RuntimeError when there is none.
[[nodiscard]] inline TaskCore& require_current_task() {
    if (running_loop == nullptr || running_loop->current_task == nullptr) [[unlikely]]
        throw_no_current_task();
    return *running_loop->current_task;
}

}  // namespace asyncio::detail
