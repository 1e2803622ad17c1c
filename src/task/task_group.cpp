#include <asyncio/task/task_group.hpp>

#include <asyncio/base/exception_group.hpp>
#include <asyncio/base/exceptions.hpp>
#include <asyncio/base/frame_pool.hpp>
#include <asyncio/loop/exception_context.hpp>
#include <asyncio/task/blockers.hpp>
#include <asyncio/task/waiter.hpp>

#include <utility>

namespace asyncio {

namespace detail {

[[nodiscard]] DoneNode::Fire task_group_on_done() noexcept;

/// A task of a group: waits in the task's list, then, one iteration after its end, in the ready queue, as a done
/// callback would. Belongs to the group.
class TaskGroupChild final : public DoneNode, public ReadyNode, public TaskGroupMember, public Pooled {
public:
    explicit TaskGroupChild(TaskGroup& group) noexcept : DoneNode(&on_done), ReadyNode(&run), group_(&group) {}

    TaskPtr task;

    /// The task is done.
    void queue() noexcept {
        queued_ = true;
        task->loop().make_ready(*this);
    }

    /// The group is gone.
    static void disown(TaskGroupChild* child) noexcept {
        if (child->queued_) {
            child->group_ = nullptr;  // it deletes itself when it leaves the queue
        } else {
            delete child;
        }
    }

    static void on_done(DoneNode& node, Turn turn) noexcept {
        if (turn == Turn::drop) return;
        static_cast<TaskGroupChild&>(node).queue();
    }
    [[nodiscard]] bool parent_waits() const noexcept { return group_ != nullptr && group_->exit_ != nullptr; }

private:
    static void run(ReadyNode& node, Turn turn) {
        auto& self = static_cast<TaskGroupChild&>(node);
        self.queued_ = false;
        if (self.group_ == nullptr) {
            delete &self;
        } else if (turn == Turn::run) {
            self.group_->on_task_done(self);
        }
    }

    static AwaitEdge edge_;

    TaskGroup* group_;
    bool queued_ = false;
};

DoneNode::Fire task_group_on_done() noexcept {
    return &TaskGroupChild::on_done;
}

bool parent_waits(const DoneNode& node) noexcept {
    return node.fire != &TaskGroupChild::on_done || static_cast<const TaskGroupChild&>(node).parent_waits();
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winvalid-offsetof"
AwaitEdge TaskGroupChild::edge_{
    &on_done,
    2,
    offsetof(TaskGroupChild, group_) - offsetof(TaskGroupChild, fire) + offsetof(DoneNode, fire),
    offsetof(TaskGroup, parent_),
    0,
    false};
#pragma GCC diagnostic pop

void DeleteChild::operator()(TaskGroupChild* child) const noexcept {
    delete child;
}

/// What aexit() returns; no member of TaskGroup, so that stacks leave it out.
class TaskGroupExit {
public:
    static Coro<bool> wait(TaskGroup& group);
};

}  // namespace detail

/// The parent's wait for the last task. A cancellation ends it, as if it waited for a future; the exit then waits
/// again.
class TaskGroup::ExitWait final : public detail::Waiter {
public:
    explicit ExitWait(TaskGroup& group) noexcept : group_(group) {}
    ~ExitWait() { group_.exit_ = nullptr; }

    [[nodiscard]] bool await_ready() const noexcept { return group_.children_.empty(); }
    template <class P>
    void await_suspend(std::coroutine_handle<P> handle) {
        bind_to_current_task();
        group_.exit_ = this;
        suspend(handle);
    }
    void await_resume() {
        if (group_.exit_ == this) resumed();
    }

    void name_blockers(detail::Blockers& blockers) const override { blockers.over = woken_; }

    /// The last task has ended.
    void complete() noexcept {
        if (std::exchange(woken_, true)) return;
        wake();
    }
    bool cancel(std::string_view message) noexcept override {
        if (std::exchange(woken_, true)) return false;
        accept_cancel(message);
        return true;
    }

private:
    TaskGroup& group_;
    bool woken_ = false;
};

TaskGroup::TaskGroup(TaskGroup&& other) : cancel_on_entry_(other.cancel_on_entry_) {
    if (other.entered_) throw RuntimeError("a TaskGroup that has been entered cannot be moved");
}

TaskGroup::~TaskGroup() {
    Coro<bool>::adopt(exit_run_).close();  // it was not left in order
    while (detail::TaskGroupMember* member = children_.pop_front())
        detail::TaskGroupChild::disown(static_cast<detail::TaskGroupChild*>(member));
}

void TaskGroup::aenter() {
    if (entered_) throw RuntimeError("TaskGroup " + repr() + " has already been entered");
    detail::LoopCore& loop = detail::require_running_loop();
    if (loop.current_task == nullptr) throw RuntimeError("TaskGroup " + repr() + " cannot determine the parent task");
    exit_run_ = detail::TaskGroupExit::wait(*this).release();
    loop_ = &loop;
    parent_ = detail::TaskPtr(loop.current_task);
    entered_ = true;
    if (cancel_on_entry_) abort_with_parent();
}

void TaskGroup::require_accepting() const {
    if (!entered_) throw RuntimeError("TaskGroup " + repr() + " has not been entered");
    if (exiting_ && children_.empty()) throw RuntimeError("TaskGroup " + repr() + " is finished");
    if (aborting_) throw RuntimeError("TaskGroup " + repr() + " is shutting down");
}

detail::NewChild TaskGroup::make_child() {
    // Room for the error of every child and of the body: where they come, memory must not be needed.
    const std::size_t needed = errors_.size() + child_count_ + 2;
    if (errors_.capacity() < needed) errors_.reserve(2 * needed);
    return detail::NewChild(new detail::TaskGroupChild(*this));
}

void TaskGroup::add(detail::NewChild child, detail::TaskCore& task) {
    child->task = detail::TaskPtr(&task);
    detail::TaskGroupChild& entered = *child.release();
    children_.push_back(entered);
    ++child_count_;
    if (task.done()) {
        entered.queue();  // started eagerly; its error must not abort the group inside create_task (3.13.2)
    } else {
        task.enter(entered);
    }
}

void TaskGroup::on_task_done(detail::TaskGroupChild& child) {
    const detail::NewChild owned(&child);
    static_cast<detail::TaskGroupMember&>(child).unlink();
    --child_count_;
    if (exit_ != nullptr && children_.empty()) exit_->complete();
    take_error(*child.task);
}

void TaskGroup::take_error(detail::TaskCore& task) {
    if (task.cancelled()) return;
    const std::exception_ptr error = task.outcome_error();
    if (!error) return;
    errors_.push_back(error);
    if (!interrupt_ && detail::is_interrupt(error)) interrupt_ = error;
    if (parent_->done()) {
        ExceptionContext context;
        context.message =
            "Task " + task.repr() + " has errored out but its parent task " + parent_->repr() + " is already completed";
        context.exception = error;
        context.task = task.repr();
        const detail::ContextScope scope(task.context_word());
        loop_->call_exception_handler(context);
        return;
    }
    if (!aborting_ && !parent_cancel_requested_) abort_with_parent();
}

void TaskGroup::abort() noexcept {
    aborting_ = true;
    for (auto* member = children_.front(); member != nullptr; member = children_.next(*member)) {
        detail::TaskCore& task = *static_cast<detail::TaskGroupChild*>(member)->task;
        if (!task.done()) task.cancel({});
    }
}

void TaskGroup::abort_with_parent() noexcept {
    abort();
    parent_cancel_requested_ = true;
    parent_->cancel({});
}

void TaskGroup::cancel() noexcept {
    if (!entered_) {
        cancel_on_entry_ = true;
    } else if (!finished_ && !aborting_) {
        abort_with_parent();
    }
}

Coro<bool> TaskGroup::aexit(std::exception_ptr error) {
    body_error_ = std::move(error);
    if (exit_run_ != nullptr) return Coro<bool>::adopt(std::exchange(exit_run_, nullptr));
    return detail::TaskGroupExit::wait(*this);
}

Coro<bool> detail::TaskGroupExit::wait(TaskGroup& group) {
    std::exception_ptr error = std::move(group.body_error_);
    group.exiting_ = true;
    if (is_interrupt(error) && !group.interrupt_) group.interrupt_ = error;
    if (is_cancelled_error(error)) group.cancelled_ = error;
    if (error && !group.aborting_) group.abort();
    while (!group.children_.empty()) {
        std::exception_ptr cancelled;
        try {
            co_await TaskGroup::ExitWait(group);
        } catch (const CancelledError&) {
            cancelled = std::current_exception();
        }
        if (cancelled && !group.aborting_) {
            group.cancelled_ = cancelled;
            group.abort();
        }
    }
    co_return group.finish(std::move(error));
}

/// All tasks have ended. True when `error`, a CancelledError, is the group's own doing.
bool TaskGroup::finish(std::exception_ptr error) {
    finished_ = true;
    const detail::TaskPtr parent = std::move(parent_);
    std::vector<std::exception_ptr> errors = std::move(errors_);
    const std::exception_ptr interrupt = std::move(interrupt_);
    std::exception_ptr cancelled = std::move(cancelled_);
    if (interrupt) std::rethrow_exception(interrupt);
    // The group's own request is taken back; if none is left, the cancellation has served its purpose.
    if (parent_cancel_requested_ && parent->uncancel() == 0) cancelled = nullptr;
    if (cancelled && errors.empty()) std::rethrow_exception(cancelled);
    const bool body_cancelled = detail::is_cancelled_error(error);
    if (error && !body_cancelled) errors.push_back(std::move(error));
    if (!errors.empty()) {
        // Cancelled from outside, too: the errors go first, and the next await throws CancelledError (since 3.13).
        if (parent->cancelling() > 0) {
            parent->uncancel();
            parent->cancel({});
        }
        std::rethrow_exception(make_exception_group("unhandled errors in a TaskGroup", std::move(errors)));
    }
    return body_cancelled;
}

std::string TaskGroup::repr() const {
    std::string text = "<TaskGroup";
    if (child_count_ > 0) text += " tasks=" + std::to_string(child_count_);
    if (!errors_.empty()) text += " errors=" + std::to_string(errors_.size());
    if (aborting_) {
        text += " cancelling";
    } else if (entered_) {
        text += " entered";
    }
    return text + ">";
}

}  // namespace asyncio
