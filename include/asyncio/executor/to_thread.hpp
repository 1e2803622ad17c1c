#pragma once

#include <asyncio/executor/run_in_executor.hpp>
#include <asyncio/task/coro.hpp>

#include <utility>

namespace asyncio {

namespace detail {

template <class Call>
Coro<typename Call::Result> call_in_thread(Call call) {
    EventLoop& loop = get_running_loop();
    // CONTEXT: copy_context() is taken here, in the awaiting task, and the job becomes context.run(call).
    co_return co_await start_loop_job(loop.core(), executor_for(loop.core(), nullptr), std::move(call));
}

}  // namespace detail

/// Runs a blocking function in a thread of the loop's default executor, with copies of its arguments (move-only ones
/// are moved in), and gives its result or exception.
///
///     std::string text = co_await asyncio::to_thread(read_file, path);
///
/// Lazy, as every Coro: the function starts when this is awaited or made a task, or waits for a free thread.
/// Cancellation: CancelledError at once. A function that has not started never runs; one that has runs on in its
/// thread, and what it returns or throws is dropped.
/// Throws RuntimeError "Executor shutdown has been called" late in a program's end, and when no loop runs.
/// Mirrors asyncio.to_thread (since 3.9).
template <class F, class... Args>
    requires detail::Job<F, Args...>
[[nodiscard]] auto to_thread(F&& f, Args&&... args) {
    detail::require_safe_job<F, Args...>();
    return detail::call_in_thread(detail::bind_call(std::forward<F>(f), std::forward<Args>(args)...));
}

}  // namespace asyncio
