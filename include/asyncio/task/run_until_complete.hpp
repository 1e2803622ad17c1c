#pragma once

#include <asyncio/loop/event_loop.hpp>
#include <asyncio/task/create_task.hpp>
#include <asyncio/task/result.hpp>
#include <asyncio/task/task.hpp>

#include <type_traits>
#include <utility>

namespace asyncio {

namespace detail {

/// Throws RuntimeError when the loop is closed or cannot run now; nothing is changed then.
void require_runnable(const LoopCore& loop);

/// Runs the loop until the iteration after the one in which the future becomes done (ORD-18). A future that is done
/// takes one iteration. Throws RuntimeError when the loop was stopped before, and whatever leaves `run_forever`;
/// std::invalid_argument for a future of another loop.
void run_until_done(LoopCore& loop, FutureCore& future);
/// The same for a task that nobody else knows: when an interrupt leaves the loop, its exception is not reported, too.
void run_own_until_done(LoopCore& loop, FutureCore& task);

template <class T>
T take_result(FutureCore& future) {
    future.check_result();
    return take_or_copy<T>(future);
}

}  // namespace detail

template <class Awaitable>
decltype(auto) EventLoop::run_until_complete(Awaitable&& awaitable) {
    using Given = std::remove_cvref_t<Awaitable>;
    static_assert(detail::is_future<Given> || detail::TaskSource<Awaitable>,
                  "run_until_complete takes a Coro, a callable that returns a Coro, or a future");
    detail::require_runnable(*core_);
    if constexpr (detail::is_future<Given>) {
        const Given future(std::forward<Awaitable>(awaitable));
        detail::run_until_done(*core_, future.core());
        if constexpr (requires { typename Given::value_type; }) {
            return detail::take_result<typename Given::value_type>(future.core());
        } else {
            future.core().check_result();
        }
    } else {
        const auto task = create_task(std::forward<Awaitable>(awaitable), {}, {});
        detail::run_own_until_done(*core_, task.core());
        return detail::take_result<typename decltype(task)::value_type>(task.core());
    }
}

}  // namespace asyncio
