#include <asyncio/loop/handle.hpp>

#include <asyncio/base/exceptions.hpp>
#include <asyncio/loop/loop_core.hpp>
#include <asyncio/loop/slow_step_watch.hpp>

#include <chrono>
#include <cstdio>
#include <exception>
#include <utility>

namespace asyncio::detail {

void HandleCore::cancel() noexcept {
    if (std::exchange(cancelled_, true)) return;
    // The caller's handle may be captured by the callable that is released here.
    const IntrusivePtr<HandleCore> keep(this);
    on_cancel();
    if (!executing_) release_callable();
}

std::string HandleCore::describe_call() const {
    if (cancelled_ && !placed_) return {};
    return " " + describe_callable() + created_at();
}

std::string HandleCore::describe() const {
    return std::string("<Handle") + (cancelled_ ? " cancelled" : "") + describe_call() + ">";
}

void HandleCore::execute() {
    const ContextScope scope(context_);
    if (!scope.entered()) [[unlikely]]
        return refuse_context();
    // A callable that cancels its own handle (remove_reader in a reader, say) is released after it has returned.
    struct Executing {
        HandleCore& self;
        explicit Executing(HandleCore& handle) noexcept : self(handle) { self.executing_ = true; }
        ~Executing() {
            self.executing_ = false;
            if (self.cancelled_) self.release_callable();
        }
    } const executing{*this};
    try {
        if (running_loop->debug) [[unlikely]] {
            const SlowStepWatch watch(*running_loop, [this] { return describe(); });
            invoke();
        } else {
            invoke();
        }
    } catch (...) {
        report_exception();
    }
}

void HandleCore::refuse_context() {
    try {
        throw_already_entered();
    } catch (...) {
        report_exception();
    }
}

void HandleCore::report_exception() {
    try {
        throw;
    } catch (const KeyboardInterrupt&) {
        executing_ = false;
        throw;
    } catch (const SystemExit&) {
        executing_ = false;
        throw;
    } catch (...) {
        ExceptionContext context;
        context.message = "Exception in callback " + describe_callable();
        context.exception = std::current_exception();
        context.handle = describe();
        context.source_traceback = creation_place();
        if (running_loop != nullptr) {
            running_loop->call_exception_handler(context);
        } else {
            log(LogLevel::error, LoopCore::format(context));  // in a forked child, whose loop is the parent's
        }
    }
}

void HandleCore::run_once(ReadyNode& node, Turn turn) {
    // The queue's reference ends with this scope, also when an interrupt passes through.
    const auto self = IntrusivePtr<HandleCore>::adopt(static_cast<HandleCore*>(&node));
    if (self->cancelled_) return;
    if (turn == Turn::run) self->execute();
    self->release_callable();
}

void WatcherHandleCore::run_watcher(ReadyNode& node, Turn turn) {
    const auto self = IntrusivePtr<WatcherHandleCore>::adopt(static_cast<WatcherHandleCore*>(&node));
    self->queued_ = false;
    if (!self->cancelled_ && turn == Turn::run) self->execute();
}

void TimerHandleCore::run_timer(ReadyNode& node, Turn turn) {
    run_once(static_cast<Node&>(node).owner, turn);
}

void TimerHandleCore::on_cancel() noexcept {
    if (!timer.scheduled()) return;
    loop_->cancel(timer);
    release();  // the heap's reference; the canceller holds another
}

std::string TimerHandleCore::describe() const {
    const double seconds = std::chrono::duration<double>(when().time_since_epoch()).count();
    char text[64];
    std::snprintf(text, sizeof text, "<TimerHandle %swhen=%.6f", cancelled() ? "cancelled " : "", seconds);
    return text + describe_call() + ">";
}

}  // namespace asyncio::detail
