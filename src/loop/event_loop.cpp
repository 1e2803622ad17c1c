#include <asyncio/loop/event_loop.hpp>

#include "current_loops.hpp"
#include "watchers.hpp"

#include <asyncio/loop/driver/epoll.hpp>

#include <array>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

namespace asyncio {

namespace detail {

void LoopCore::call_exception_handler(const ExceptionContext& context) {
    if (facade == nullptr) {
        log(LogLevel::error, format(context));
        return;
    }
    if (!exception_handler) {
        facade->default_exception_handler(context);
        return;
    }
    try {
        // A copy, since the handler may replace itself.
        const auto handler = exception_handler;
        handler(*facade, context);
    } catch (const KeyboardInterrupt&) {
        throw;
    } catch (const SystemExit&) {
        throw;
    } catch (...) {
        ExceptionContext failure;
        failure.message = "Unhandled error in exception handler";
        failure.exception = std::current_exception();
        facade->default_exception_handler(failure);
        facade->default_exception_handler(context);
    }
}

void LoopCore::report(const ExceptionContext& context) noexcept {
    try {
        if (closed_) {
            log(LogLevel::error, format(context));
        } else {
            call_exception_handler(context);
        }
    } catch (...) {
        log(LogLevel::error, context.message);
    }
}

std::string LoopCore::format(const ExceptionContext& context) {
    std::string text = context.message.empty() ? "Unhandled exception in event loop" : context.message;
    const std::array<std::pair<const char*, const std::string*>, 8> members{
        {{"asyncgen", &context.asyncgen},
         {"future", &context.future},
         {"handle", &context.handle},
         {"protocol", &context.protocol},
         {"socket", &context.socket},
         {"source_traceback", &context.source_traceback},
         {"task", &context.task},
         {"transport", &context.transport}}};
    for (const auto& [name, value] : members) {
        if (value->empty()) continue;
        if (value == &context.source_traceback) {
            text += context.handle.empty() ? "\nObject created at " : "\nHandle created at ";
        } else {
            text += "\n" + std::string(name) + ": ";
        }
        text += *value;
    }
    if (context.exception) text += "\n" + describe(context.exception);
    return text;
}

}  // namespace detail

void detail::throw_null_callable() {
    throw std::invalid_argument("a null pointer or an empty function was given as what to call");
}

namespace {

std::unique_ptr<Driver> checked(std::unique_ptr<Driver> driver) {
    if (driver == nullptr) throw std::invalid_argument("EventLoop needs a driver");
    return driver;
}

}  // namespace

EventLoop::EventLoop() : EventLoop(std::make_unique<EpollDriver>()) {
    if (core_->debug) detail::log(LogLevel::debug, "Using driver: epoll");
}

EventLoop::EventLoop(std::unique_ptr<Driver> driver)
    : core_(new detail::LoopCore(checked(std::move(driver)))),
      slow_callback_duration(core_->slow_callback_duration) {
    core_->facade = this;
}

EventLoop::~EventLoop() {
    if (!core_->closed()) {
        detail::log(LogLevel::warning, "unclosed event loop");
        core_->close();
    }
    detail::forget_loop(*this);
    core_->facade = nullptr;
    core_->task_factory = nullptr;
    core_->exception_handler = nullptr;  // it may hold futures, and those hold the core
}

void EventLoop::run_forever() {
    core_->run_forever();
}

void EventLoop::close() {
    if (is_running()) throw RuntimeError("Cannot close a running event loop");
    core_->close();
}

bool EventLoop::remove_reader(int fd) {
    core_->check_open();
    return core_->watchers().remove(fd, false);
}

bool EventLoop::remove_writer(int fd) {
    core_->check_open();
    return core_->watchers().remove(fd, true);
}

void EventLoop::set_exception_handler(ExceptionHandler handler) {
    core_->exception_handler = std::move(handler);
}

void EventLoop::default_exception_handler(const ExceptionContext& context) {
    detail::log(LogLevel::error, detail::LoopCore::format(context));
}

void EventLoop::post_handle(detail::HandleCore& handle) {
    if (core_->post(handle)) return;
    handle.release();
    throw RuntimeError("Event loop is closed");
}

void EventLoop::schedule_handle(detail::TimerHandleCore& handle, Clock::time_point when) {
    core_->schedule(handle.timer, when);
}

void EventLoop::set_watcher(int fd, bool writer, detail::IntrusivePtr<detail::WatcherHandleCore> handle) {
    core_->watchers().set(fd, writer, std::move(handle));
}

void EventLoop::set_task_factory(TaskFactory factory) {
    core_->task_factory = factory ? std::make_shared<const TaskFactory>(std::move(factory)) : nullptr;
}

const TaskFactory& EventLoop::get_task_factory() const noexcept {
    static const TaskFactory none;
    return core_->task_factory != nullptr ? *core_->task_factory : none;
}

EventLoop& get_running_loop() {
    return *detail::require_running_loop().facade;
}

}  // namespace asyncio
