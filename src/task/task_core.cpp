#include <asyncio/task/task_core.hpp>

#include <asyncio/base/exceptions.hpp>
#include <asyncio/base/function_name.hpp>
#include <asyncio/loop/event_loop.hpp>
#include <asyncio/loop/slow_step_watch.hpp>
#include <asyncio/task/task.hpp>
#include <asyncio/task/task_layout.hpp>
#include <asyncio/task/waiter.hpp>

#include <sys/single_threaded.h>

#include <atomic>
#include <exception>
#include <memory>
#include <utility>

namespace asyncio {

namespace detail {

namespace {

const DescribeTasks describe_tasks;

std::uint64_t next_default_name() noexcept {
    static std::atomic<std::uint64_t> count{0};
    std::uint64_t number;
    if (__libc_single_threaded != 0) {
        // Without the locked instruction, which costs more than the rest of starting a task's bookkeeping.
        number = count.load(std::memory_order_relaxed) + 1;
        count.store(number, std::memory_order_relaxed);
    } else {
        number = count.fetch_add(1, std::memory_order_relaxed) + 1;
    }
    return 2 * number + 1;
}

/// Where it stands, outside of the library if it can be.
const std::source_location& users_place(const PromiseBase* leaf) {
    for (const PromiseBase* frame = leaf; frame != nullptr; frame = frame->caller)
        if (!is_internal_function(frame->where.function_name())) return frame->where;
    return leaf->where;
}

std::exception_ptr already_entered_error() {
    try {
        throw_already_entered();
    } catch (...) {
        return std::current_exception();
    }
}

std::string describe_blocked(LoopCore& loop) {
    std::string text;
    for (ListHook* hook = loop.tasks.front(); hook != nullptr; hook = loop.tasks.next(*hook)) {
        const auto& task = static_cast<const TaskCore&>(*hook);
        text += "\n  " + task.repr();
        if (const PromiseBase* leaf = task.leaf())
            text += " in " + public_function_name(leaf->where) + " at " + file_and_line(leaf->where);
    }
    return text;
}

}  // namespace

TaskCore::~TaskCore() {
    drop_name();
}

void TaskCore::report_if_unretrieved() noexcept {
    if (!report_unretrieved_ || state_ != State::failed) [[likely]]
        return;
    const ContextScope scope(context_);
    report_unretrieved();
}

void TaskCore::start(PromiseBase* root, const TaskOptions& options) {
    slot().child = root;
    root->slot = &slot();
    leaf_ = root;
    name_ = next_default_name();
    serial_ = static_cast<std::uint32_t>(name_ / 2) & 0xff'ffff;
    struct Undo {
        TaskCore& task;
        bool armed = true;
        ~Undo() {
            if (armed) destroy_chain(std::exchange(task.leaf_, nullptr));
        }
    } undo{*this};
    loop_->check_use();
    if (!options.name.empty()) set_name(options.name);
    if (loop_->task_factory != nullptr) [[unlikely]] {
        undo.armed = false;
        return start_by_factory(options);
    }
    const bool eager = prepare(options);
    undo.armed = false;
    begin(eager);
}

/// True when the first step is to run now.
bool TaskCore::prepare(const TaskOptions& options) {
    const bool eager = options.eager_start.value_or(false) && running_loop == loop_;
    context_ = ContextWord::of(options.context.core());
    if (eager && context_.entered()) throw_already_entered();
    return eager;
}

void TaskCore::begin(bool eager) {
    loop_->abandon_task = &abandon;
    loop_->describe_tasks = &describe_blocked;
    loop_->tasks.push_back(*this);
    retain();
    if (eager) {
        first_step(*this, Turn::run);
    } else {
        loop_->keep_order();
        wake();
    }
}

void TaskCore::lose(const Waiter& awaiter) noexcept {
    if (waiter_ != &awaiter) return;
    waiter_ = nullptr;
    ReadyNode::run = &lost_step;
    loop_->keep_order();
    wake();
}

// A dropped task is still in the loop's list and is abandoned from there.

void TaskCore::first_step(ReadyNode& node, Turn turn) {
    if (turn == Turn::drop) return;
    auto& self = static_cast<TaskCore&>(node);
    node.run = &next_step;
    if ((self.pending_ & must_cancel) != 0) return self.finish_unstarted();
    self.step();
}

void TaskCore::next_step(ReadyNode& node, Turn turn) {
    if (turn == Turn::run) [[likely]]
        static_cast<TaskCore&>(node).step();
}

void TaskCore::lost_step(ReadyNode& node, Turn turn) {
    if (turn == Turn::drop) return;
    auto& self = static_cast<TaskCore&>(node);
    self.finish_broken(std::make_exception_ptr(
        RuntimeError("what " + self.short_repr() +
                     " awaited was destroyed meanwhile: an awaiter must live until its await is over")));
}

[[gnu::hot]] void TaskCore::go_on() {
    step();
}

[[gnu::always_inline]] inline void TaskCore::step() {
    if (loop_->debug) [[unlikely]]
        return step_in_debug();
    advance();
}

void TaskCore::step_in_debug() {
    const TaskPtr keep(this);
    const std::source_location began = users_place(leaf_);
    const SlowStepWatch watch(*loop_, [this, &began] {
        const std::string from = public_function_name(began) + "() from " + file_and_line(began) + " to ";
        return repr() + " in " + from + (leaf_ != nullptr ? file_and_line(users_place(leaf_)) : "its end");
    });
    advance();
}

[[gnu::always_inline]] inline void TaskCore::advance() {
    {
        const ContextScope scope(context_);
        if (!scope.entered()) [[unlikely]]
            return finish_broken(already_entered_error());
        waiter_ = nullptr;
        const std::coroutine_handle<> handle = std::exchange(leaf_, nullptr)->handle();
        TaskCore* const previous = std::exchange(loop_->current_task, this);
        drive(handle);
        loop_->current_task = previous;
        if (leaf_ != nullptr) return;
        destroy_root();
    }
    finish();
}

/// The frame goes first: what its destructors do happens before anybody hears of the end.
void TaskCore::destroy_root() {
    PromiseBase* root = std::exchange(slot().child, nullptr);
    if (root == nullptr) return;
    if (!root->handle().done()) [[unlikely]]
        slot().error = std::make_exception_ptr(
            RuntimeError("Task got bad yield: it awaited what is not asyncio's and will not be resumed"));
    root->handle().destroy();
}

void TaskCore::finish() {
    const TaskPtr keep(this);
    leave_loop();
    std::exception_ptr& error = slot().error;
    if (!error && (pending_ & must_cancel) != 0) {
        error = std::exchange(pending_error_, nullptr);
        complete(State::cancelled);
    } else if (!error) {
        complete(State::finished);
    } else if (is_cancelled_error(error)) {
        complete(State::cancelled);
    } else {
        report_unretrieved_ = true;
        complete(State::failed);
        if (is_interrupt(error)) {
            report_unretrieved_ = false;
            std::rethrow_exception(error);
        }
    }
    pending_ &= cancelled_wait;
    pending_error_ = nullptr;
}

/// No step can be made any more: the task fails instead of waiting for ever.
void TaskCore::finish_broken(std::exception_ptr error) {
    const TaskPtr keep(this);
    waiter_ = nullptr;
    {
        const ContextScope scope(context_);
        destroy_chain(std::exchange(leaf_, nullptr));
    }
    leave_loop();
    pending_ = 0;
    pending_error_ = nullptr;
    set_exception(std::move(error));
}

/// Cancelled before its first step: the body never runs.
void TaskCore::finish_unstarted() noexcept {
    const TaskPtr keep(this);
    {
        const ContextScope scope(context_);
        destroy_chain(std::exchange(leaf_, nullptr));
    }
    leave_loop();
    pending_ &= cancelled_wait;
    slot().error = std::exchange(pending_error_, nullptr);
    set_cancelled({});
}

void TaskCore::leave_loop() noexcept {
    ListHook::unlink();
    release();
}

/// The loop closes and this task is not done: reports it and destroys its frames.
void TaskCore::abandon(ListHook& hook) noexcept {
    auto& self = static_cast<TaskCore&>(hook);
    const TaskPtr keep(&self);
    const ContextScope scope(self.context_);
    self.abandoned_ = true;
    self.leave_loop();
    try {
        ExceptionContext context;
        context.message = "Task was destroyed but it is pending!";
        context.task = self.repr();
        context.source_traceback = self.creation_place();
        self.loop_->report(context);
    } catch (...) {
        // Out of memory: the report is lost, the frames are destroyed all the same.
    }
    self.waiter_ = nullptr;
    destroy_chain(std::exchange(self.leaf_, nullptr));
    self.loop_->drop_ready();  // a destructor may have woken this task, which is freed now
    self.abandoned_ = false;
}

std::string TaskCore::name() const {
    if ((name_ & 1) != 0) return "Task-" + std::to_string(name_ / 2);
    return name_ == 0 ? std::string() : *reinterpret_cast<const std::string*>(name_);
}

void TaskCore::drop_name() noexcept {
    if ((name_ & 1) == 0) delete reinterpret_cast<std::string*>(name_);
}

std::optional<std::source_location> TaskCore::coroutine() noexcept {
    const PromiseBase* const root = slot().child;
    return root == nullptr ? std::nullopt : std::optional(root->where);
}

void TaskCore::set_name(std::string_view name) {
    auto text = name.empty() ? nullptr : std::make_unique<std::string>(name);
    drop_name();
    static_assert(alignof(std::string) > 1, "the lowest bit tells a number from a pointer");
    name_ = reinterpret_cast<std::uint64_t>(text.release());
}

void throw_no_current_task() {
    if (running_loop == nullptr) throw RuntimeError("no running event loop");
    throw RuntimeError("await was used outside of a task");
}

namespace {

std::optional<AnyTask> current_task_of(LoopCore& loop) {
    if (loop.current_task == nullptr) return std::nullopt;
    return AnyTask(TaskPtr(loop.current_task));
}

std::vector<AnyTask> all_tasks_of(LoopCore& loop) {
    std::vector<AnyTask> tasks;
    for (ListHook* hook = loop.tasks.front(); hook != nullptr; hook = loop.tasks.next(*hook))
        tasks.emplace_back(TaskPtr(static_cast<TaskCore*>(hook)));
    return tasks;
}

}  // namespace

}  // namespace detail

std::optional<AnyTask> current_task() {
    return detail::current_task_of(detail::require_running_loop());
}
std::optional<AnyTask> current_task(EventLoop& loop) {
    return loop.core().inherited() ? std::nullopt : detail::current_task_of(loop.core());
}
std::vector<AnyTask> all_tasks() {
    return detail::all_tasks_of(detail::require_running_loop());
}
std::vector<AnyTask> all_tasks(EventLoop& loop) {
    return loop.core().inherited() ? std::vector<AnyTask>() : detail::all_tasks_of(loop.core());
}

}  // namespace asyncio
