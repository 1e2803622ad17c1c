#pragma once

#include <asyncio/base/light_traits.hpp>
#include <asyncio/base/standard/chrono.hpp>
#include <asyncio/executor/concurrent_future.hpp>
#include <asyncio/executor/run_in_executor.hpp>
#include <asyncio/loop/event_loop.hpp>
#include <asyncio/loop/policy.hpp>
#include <asyncio/task/ensure_future.hpp>
#include <asyncio/task/future.hpp>

#include <concepts>
#include <type_traits>
#include <utility>

namespace asyncio {

/// Keyword arguments of `wrap_future`.
struct WrapFutureOptions {
    /// Default: that of get_event_loop().
    EventLoop* loop = nullptr;
};
static_assert(detail::trivially_destructible<WrapFutureOptions>);

namespace detail {

[[nodiscard]] inline LoopCore& wrapping_loop(const WrapFutureOptions& options) {
    return options.loop == nullptr ? default_loop() : options.loop->core();
}

/// std::future or std::shared_future: who has one has included <future>, which is much for all others.
template <class F>
concept BlockingFuture = requires(F& future) {
    future.valid();
    future.wait();
    future.get();
};

}  // namespace detail

/// A future of a loop that follows one of another thread. The result is copied, or moved when it cannot be copied or
/// nobody else holds the concurrent future.
///
/// Cancelling it cancels the concurrent future if that has not started, else only itself. When the concurrent one is
/// cancelled, so is this. A loop that is closed meanwhile hears nothing of it.
/// Throws RuntimeError when no loop is given and get_event_loop() has none, or it is closed.
/// Mirrors asyncio.wrap_future.
template <class T>
[[nodiscard]] Future<T> wrap_future(const futures::Future<T>& future, WrapFutureOptions options = {}) {
    detail::LoopCore& loop = detail::wrapping_loop(options);
    loop.check_open();
    return Future<T>(detail::wrap_state<T>(loop, future.state()));
}

/// What is made of a future that must get a name before it is awaited must get one, too.
template <class F>
    requires(!detail::safe_handle<F> && std::same_as<F, const futures::Future<typename F::value_type>>)
[[nodiscard]] const Future<typename F::value_type> wrap_future(F&& future, WrapFutureOptions options = {}) {
    return wrap_future(future, options);
}

/// A future or task of a loop is itself.
template <detail::FutureHandle F>
[[nodiscard]] detail::MadeOf<std::remove_cvref_t<F>, detail::safe_handle<F>> wrap_future(F&& future,
                                                                                         WrapFutureOptions = {}) {
    return std::forward<F>(future);
}

/// The same for a std::future or std::shared_future. As nobody tells when it is ready, a thread of the default executor
/// waits for it. That thread is occupied for that long, and so is the loop's tear-down.
template <template <class> class Blocking, class T>
    requires detail::BlockingFuture<Blocking<T>>
[[nodiscard]] Future<T> wrap_future(Blocking<T> future, WrapFutureOptions options = {}) {
    detail::LoopCore& loop = detail::wrapping_loop(options);
    auto call = detail::bind_call([](Blocking<T> waited) -> T { return waited.get(); }, std::move(future));
    return detail::start_loop_job(loop, detail::executor_for(loop, nullptr), std::move(call));
}

}  // namespace asyncio
