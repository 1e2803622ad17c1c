#include <asyncio/task/promise.hpp>

#include <asyncio/base/exceptions.hpp>
#include <asyncio/base/function_name.hpp>
#include <asyncio/base/log.hpp>
#include <asyncio/loop/loop_core.hpp>
#include <asyncio/task/coro.hpp>
#include <asyncio/task/transfer.hpp>

#include <string>
#include <utility>

namespace asyncio::detail {

constinit thread_local std::coroutine_handle<> parked = nullptr;

void destroy_chain(PromiseBase* innermost) noexcept {
    while (innermost != nullptr) {
        PromiseBase* caller = innermost->caller;
        // Whoever would have destroyed it must find it gone.
        if (innermost->slot != nullptr) innermost->slot->child = nullptr;
        innermost->handle().destroy();
        innermost = caller;
    }
}

void throw_already_awaited(const char* what) {
    throw RuntimeError(std::string("cannot reuse already awaited ") + what);
}

void drive_alone(PromiseBase& root) {
    // What waits inside must not find the task that calls.
    struct NoTask {
        TaskCore* task = running_loop != nullptr ? std::exchange(running_loop->current_task, nullptr) : nullptr;
        ~NoTask() {
            if (running_loop != nullptr) running_loop->current_task = task;
        }
    } const no_task;
    const std::coroutine_handle<> handle = root.handle();
    drive(handle);
    if (!handle.done()) throw RuntimeError("send: the coroutine is suspended, and no task will resume it");
}

namespace {

/// Coroutines may be made before there is a loop.
const bool by_environment = [] {
    const bool debug = debug_by_environment();
    if (debug) count_debugging_loop(1);
    return debug;
}();

}  // namespace

bool debugging_coroutines() noexcept {
    return running_loop != nullptr ? running_loop->debug : by_environment;
}

void coroutine_made(const PromiseBase& promise) noexcept {
    if (debugging_coroutines()) {
        keep_coroutine(&promise);
    } else {
        drop_coroutine(&promise);  // of a coroutine that was there before
    }
}

void report_never_awaited(const PromiseBase& promise) noexcept {
    try {
        const std::string function = public_function_name(promise.where);
        const std::string place = coroutine_place(&promise, promise.where, function);
        log(LogLevel::warning, "coroutine '" + function + "' was never awaited (" +
                                   (place.empty() ? place : "created at " + place + ", ") + "defined at " +
                                   file_and_line(promise.where) + ")");
    } catch (...) {
        // Out of memory: the warning is lost, the destructor goes on.
    }
}

}  // namespace asyncio::detail
