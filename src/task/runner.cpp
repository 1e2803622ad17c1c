#include <asyncio/task/runner.hpp>

#include "interrupts.hpp"

#include <asyncio/base/exceptions.hpp>
#include <asyncio/base/log.hpp>
#include <asyncio/loop/policy.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace asyncio {

namespace {

/// Counts the done callbacks of tasks, as gather does.
struct Sweep {
    Future<void> ended;
    std::size_t left;
};

/// A policy of the user's may throw.
void set_no_event_loop() noexcept {
    try {
        set_event_loop(nullptr);
    } catch (...) {
        detail::log(LogLevel::error, "closing a Runner: " + detail::describe(std::current_exception()));
    }
}

void report_failure(EventLoop& loop, const AnyTask& task) {
    if (task.cancelled()) return;
    const std::exception_ptr error = task.core().outcome_error();
    if (!error) return;
    ExceptionContext context;
    context.message = "unhandled exception during asyncio.run() shutdown";
    context.exception = error;
    context.task = task.repr();
    const detail::ContextScope scope(task.task_core().context_word());
    loop.call_exception_handler(context);
}

void cancel_present_tasks(EventLoop& loop) {
    const std::vector<AnyTask> tasks = all_tasks(loop);
    const auto sweep = std::make_shared<Sweep>(Sweep{Future<void>(loop), tasks.size()});
    for (const AnyTask& task : tasks) {
        detail::add_done_callback<AnyFuture>(task.core(), [sweep](const AnyFuture&) {
            if (--sweep->left == 0) sweep->ended.set_result();
        });
    }
    for (const AnyTask& task : tasks) task.cancel();
    detail::run_until_done(loop.core(), sweep->ended.core());
    for (const AnyTask& task : tasks) report_failure(loop, task);
}

/// Also those that are started meanwhile.
void cancel_all_tasks(EventLoop& loop) {
    while (!loop.core().tasks.empty()) cancel_present_tasks(loop);
}

}  // namespace

namespace detail {

void require_no_running_loop(const char* caller) {
    if (running_loop != nullptr)
        throw RuntimeError(std::string(caller) + " cannot be called from a running event loop");
}

}  // namespace detail

std::unique_ptr<EventLoop> LoopFactory::operator()() const {
    return function_ != nullptr ? function_() : call_(object_);
}

Runner::Runner(const RunOptions& options) : options_(options) {}

Runner::~Runner() {
    try {
        close();
    } catch (...) {
        detail::log(LogLevel::error, "closing a Runner: " + detail::describe(std::current_exception()));
    }
}

EventLoop& Runner::get_loop() {
    if (closed_) throw RuntimeError("Runner is closed");
    if (loop_ != nullptr) return *loop_;
    auto loop = options_.loop_factory ? options_.loop_factory() : new_event_loop();
    if (loop == nullptr) throw std::invalid_argument("the loop factory or policy returned no loop");
    if (options_.debug) loop->set_debug(*options_.debug);
    interrupts_ = detail::make_owner<detail::Interrupts>(loop->core());
    if (!options_.loop_factory) {
        set_event_loop(loop.get());
        sets_current_loop_ = true;
    }
    context_ = detail::make_owner<Context>(copy_context());
    loop_.reset(loop.release());
    return *loop_;
}

void Runner::run_task(detail::TaskCore& task) {
    const detail::Interrupts& interrupts = *interrupts_;
    {
        const detail::Interrupts::Scope scope(*interrupts_, &task);
        detail::run_own_until_done(loop_->core(), task);
    }
    // A signal that came when the loop had nothing left to do.
    if (interrupts.undelivered()) throw KeyboardInterrupt();
    if (task.cancelled() && interrupts.count() > 0 && task.uncancel() == 0) throw KeyboardInterrupt();
    task.check_result();
}

void Runner::close() {
    if (loop_ == nullptr) return;
    if (loop_->is_running()) throw RuntimeError("Cannot close a running event loop");
    struct Close {
        Runner& runner;
        ~Close() {
            runner.loop_->core().close();
            runner.loop_.reset();
            runner.closed_ = true;
        }
    } const close_at_end{*this};
    struct ForgetCurrentLoop {
        bool is_set;
        ~ForgetCurrentLoop() {
            if (is_set) set_no_event_loop();
        }
    } const forget_before_closing{sets_current_loop_};
    if (loop_->core().inherited()) return;
    tear_down();
    if (interrupts_->undelivered()) throw KeyboardInterrupt();
}

void Runner::tear_down() {
    const detail::Interrupts::Scope scope(*interrupts_, nullptr);
    cancel_all_tasks(*loop_);
    if (!loop_->core().generators.empty()) {
        loop_->run_until_complete(loop_->shutdown_asyncgens());
        cancel_all_tasks(*loop_);  // what the generators have started while they were closed
    }
    if (auto* executors = loop_->core().executors.get()) executors->tear_down(*loop_);
}

}  // namespace asyncio
