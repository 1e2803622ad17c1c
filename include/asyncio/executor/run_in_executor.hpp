#pragma once

#include <asyncio/executor/bound_call.hpp>
#include <asyncio/executor/executor.hpp>
#include <asyncio/executor/loop_job.hpp>
#include <asyncio/loop/event_loop.hpp>
#include <asyncio/task/closure.hpp>
#include <asyncio/task/future.hpp>

#include <type_traits>
#include <utility>

namespace asyncio {

namespace detail {

/// The executor that is meant: a null pointer means the loop's default one. Throws RuntimeError when the loop is
/// closed, when that executor was shut down, and in debug mode in a wrong thread.
[[nodiscard]] futures::Executor& executor_for(LoopCore& loop, futures::Executor* given);

/// Refuses, at compile time, arguments that GCC 12 would destroy twice inside a co_await expression.
template <class F, class... Args>
consteval void require_safe_job() {
    static_assert(safe_job<F, Args...>,
                  "GCC before 14 destroys a temporary lambda or aggregate twice inside co_await: name it first "
                  "(auto job = [x] { ... };) and pass the name, capture by reference, or hand over as arguments what "
                  "cannot be copied");
}

template <class Call>
auto start_loop_job(LoopCore& loop, futures::Executor& executor, Call&& call) {
    using T = typename Call::Result;
    const IntrusivePtr<DeliveredState<T>> future(new DeliveredState<T>(loop));
    auto* job = new LoopJobOf<Call>(std::move(call));
    futures::Job owned(*job);
    job->deliver_to(*future);
    executor.execute(std::move(owned));
    return Future<T>(FuturePtr(future.get()));
}

}  // namespace detail

template <class F, class... Args>
auto EventLoop::run_in_executor(futures::Executor* executor, F&& f, Args&&... args) {
    static_assert(!detail::CoroutineIsGivenInsteadOfJob<F, Args...>,
                  "run_in_executor was given a coroutine function, and its coroutine would never run: use create_task");
    static_assert(detail::Job<F, Args...> || detail::CoroutineIsGivenInsteadOfJob<F, Args...>,
                  "run_in_executor takes a function and its arguments");
    detail::require_safe_job<F, Args...>();
    futures::Executor& chosen = detail::executor_for(*core_, executor);
    return detail::start_loop_job(*core_, chosen, detail::bind_call(std::forward<F>(f), std::forward<Args>(args)...));
}

template <class F, class... Args>
auto EventLoop::run_in_executor(futures::Executor& executor, F&& f, Args&&... args) {
    return run_in_executor(&executor, std::forward<F>(f), std::forward<Args>(args)...);
}

}  // namespace asyncio
