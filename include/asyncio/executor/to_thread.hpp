#pragma once

#include <asyncio/base/context.hpp>
#include <asyncio/executor/run_in_executor.hpp>
#include <asyncio/task/coro.hpp>

#include <utility>

namespace asyncio {

namespace detail {

/// A call that runs in a copy of the context in which this was made.
template <class Call>
class CallInContext {
public:
    using Result = typename Call::Result;

    explicit CallInContext(Call call) : context_(ContextWord::snapshot()), call_(std::move(call)) {}
    Result operator()() {
        const ContextScope scope(context_);
        return call_();
    }

private:
    ContextWord context_;
    Call call_;
};

template <class Call>
Coro<typename Call::Result> call_in_thread(Call call) {
    EventLoop& loop = get_running_loop();
    CallInContext<Call> job(std::move(call));
    co_return co_await start_loop_job(loop.core(), executor_for(loop.core(), nullptr), std::move(job));
}

}  // namespace detail

/// Runs a blocking function in a thread of the loop's default executor, with copies of its arguments (move-only ones
/// are moved in) and in a copy of the awaiting task's context, and gives its result or exception.
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

/// The mistake of a coroutine function, or a coroutine, in place of a function that blocks.
template <class F, class... Args>
    requires detail::CoroutineIsGivenInsteadOfJob<F, Args...>
Coro<> to_thread(F&&, Args&&...) {
    static_assert(!detail::CoroutineIsGivenInsteadOfJob<F, Args...>,
                  "asyncio::to_thread was given a coroutine function, and its coroutine would never run: co_await it, "
                  "or use create_task");
    detail::throw_null_callable();
}

/// The mistake in `to_thread(f(x))`.
template <class F, class... Args>
    requires(!detail::Job<F, Args...> && !detail::CoroutineIsGivenInsteadOfJob<F, Args...>)
Coro<> to_thread(F&&, Args&&...) {
    static_assert(detail::Job<F, Args...>,
                  "asyncio::to_thread takes a function and the arguments to call it with: write to_thread(f, x), not "
                  "to_thread(f(x))");
    detail::throw_null_callable();
}

}  // namespace asyncio
