#pragma once

#include <asyncio/loop/callback.hpp>
#include <asyncio/task/closure.hpp>
#include <asyncio/task/coro.hpp>
#include <asyncio/task/task.hpp>

#include <concepts>
#include <source_location>
#include <type_traits>
#include <utility>

namespace asyncio {

namespace detail {

template <class F>
concept CoroutineFunction = std::is_invocable_v<F&> && CoroLike<std::remove_cvref_t<std::invoke_result_t<F&>>>;

/// A Coro, or a callable that returns one.
template <class A>
concept Spawnable = is_coro<std::remove_cvref_t<A>> || CoroutineFunction<std::decay_t<A>>;

/// Owns the closure for as long as its coroutine runs, so that its captures never dangle.
template <class F>
Coro<typename std::remove_cvref_t<std::invoke_result_t<F&>>::value_type> run_callable(F callable) {
    co_return co_await callable();
}

/// A Coro from what Spawnable allows.
template <class A>
    requires is_coro<std::remove_cvref_t<A>>
std::remove_cvref_t<A> to_coro(A&& coroutine) {
    return std::move(coroutine);
}
template <class A>
    requires(!is_coro<std::remove_cvref_t<A>> && CoroutineFunction<std::decay_t<A>>)
auto to_coro(A&& callable) {
    require_callable(callable);
    return run_callable<std::decay_t<A>>(std::forward<A>(callable));
}

/// Something else that can be awaited, and that a task can take over: what sleep or StreamReader::read return.
template <class A>
concept ForeignAwaitable = !std::derived_from<std::remove_cvref_t<A>, AnyFuture> && !Spawnable<A> &&
                           Awaitable<std::decay_t<A>> && std::constructible_from<std::decay_t<A>, A>;

template <class A>
Coro<AwaitResult<A>> await_in_task(A awaitable) {
    co_return co_await std::move(awaitable);
}
template <ForeignAwaitable A>
auto to_coro(A&& awaitable) {
    return await_in_task<std::decay_t<A>>(std::forward<A>(awaitable));
}
template <class A>
concept TaskSource = Spawnable<A> || ForeignAwaitable<A>;
/// The mistake of anything else.
template <class A>
auto to_coro(A&&) {
    static_assert(TaskSource<A>,
                  "create_task takes a Coro, or a callable without parameters that returns a Coro: write "
                  "create_task(f(x)), where f is a function that returns asyncio::Coro<>; for a Future, ensure_future");
    return await_in_task(std::suspend_never());
}

template <class T>
Task<T> start_task(LoopCore& loop, Coro<T> coroutine, const TaskOptions& options,
                   const std::source_location& place = {}) {
    loop.check_open();
    IntrusivePtr<TaskState<T>> state(new TaskState<T>(loop));
    PromiseBase* const root = coroutine.release();
    if (root == nullptr) [[unlikely]]
        throw_already_awaited();
    state->made_at(place);
    state->start(root, options);
    return Task<T>(TaskPtr(state.get()));
}

/// Whether a co_await expression may make a task of an argument deduced as `A&&`.
template <class A>
inline constexpr bool safe_source = !CoroutineFunction<std::decay_t<A>> || safe_closure<A>;

/// A task of what TaskSource allows.
template <class A, class T>
MadeOf<Task<T>, safe_source<A>> make_task(LoopCore& loop, Coro<T> coroutine, const TaskOptions& options,
                                          const std::source_location& place) {
    return start_task(loop, std::move(coroutine), options, place);
}

}  // namespace detail

template <class Coroutine>
decltype(auto) EventLoop::create_task(Coroutine&& coroutine, TaskOptions options, std::source_location place) {
    return detail::make_task<Coroutine>(*core_, detail::to_coro(std::forward<Coroutine>(coroutine)), options, place);
}

/// Starts a coroutine as a task of the running loop; its first step runs in the next iteration. Pass a capturing lambda
/// itself, not its call: the task owns it, so its captures live as long as it runs.
///
///     auto task = asyncio::create_task(fetch(url), {.name = "fetch"});
///
/// With GCC before 14, `co_await create_task([x]() -> Coro<> { … })` in one expression is refused when destroying the
/// captures does anything (that compiler would do it twice): name the task first, or the lambda.
/// The loop's task factory may change how it starts; see EventLoop::set_task_factory.
/// Throws RuntimeError when no loop runs in this thread; the coroutine is destroyed then.
/// Mirrors asyncio.create_task (since 3.7; name 3.8; eager_start 3.14).
template <class Coroutine>
decltype(auto) create_task(Coroutine&& coroutine, TaskOptions options,
                           std::source_location place = std::source_location::current()) {
    return detail::make_task<Coroutine>(detail::require_running_loop(),
                                        detail::to_coro(std::forward<Coroutine>(coroutine)), options, place);
}

/// The same without options. An overload, because a default argument would be a temporary in the awaiting coroutine's
/// frame, which GCC copies there piece by piece: a sixth of the cost of a task.
template <class Coroutine>
decltype(auto) create_task(Coroutine&& coroutine,
                           detail::CallPlace place = detail::CallPlace(std::source_location::current())) {
    return create_task(std::forward<Coroutine>(coroutine), TaskOptions{}, place.where);
}

}  // namespace asyncio
