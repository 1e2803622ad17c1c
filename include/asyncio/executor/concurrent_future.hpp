#pragma once

#include <asyncio/base/light_traits.hpp>
#include <asyncio/base/standard/functional.hpp>
#include <asyncio/executor/concurrent_core.hpp>
#include <asyncio/executor/wrap_state.hpp>
#include <asyncio/task/future_awaiter.hpp>

#include <exception>
#include <string>
#include <type_traits>
#include <utility>

namespace asyncio {

namespace futures {

/// Keyword arguments of `Future::result` and `Future::exception`.
struct ResultOptions {
    /// How long to wait at most. Default: without limit.
    TimeLimit timeout{};
};
static_assert(detail::trivially_destructible<ResultOptions>);

/// A result that another thread computes: what `submit` and `run_coroutine_threadsafe` return. Copying copies the
/// reference.
///
/// Threads wait for it with `result()`, tasks with `co_await` (as `co_await wrap_future(future)`: cancelling the task
/// cancels a job that has not started, and lets go of one that has).
/// Thread safety: every function, from any thread; a single handle is like any object.
/// Mirrors concurrent.futures.Future (since 3.2).
template <class T>
class Future {
public:
    using value_type = T;
    using const_before_named = void;  // see closure.hpp

    /// A pending future, for executors and tests.
    Future() : core_(detail::ConcurrentPtr::adopt(new detail::ConcurrentState<T>)) {}
    /// Used by the library.
    explicit Future(detail::ConcurrentPtr core) noexcept : core_(std::move(core)) {}

    /// True when it is cancelled now or was before; false when it runs or is finished.
    bool cancel() const noexcept { return core_->cancel(); }
    /// True when `cancel()` was in time.
    [[nodiscard]] bool cancelled() const noexcept { return core_->cancelled(); }
    /// True while the call is being run.
    [[nodiscard]] bool running() const noexcept { return core_->state() == detail::ConcurrentCore::State::running; }
    /// True when there is a result or an exception, or it was cancelled.
    [[nodiscard]] bool done() const noexcept { return core_->done(); }

    /// Blocks this thread until the future is done; gives the result, which all handles share, or throws the exception,
    /// always the same object. Throws TimeoutError; futures::CancelledError when it was cancelled.
    ///
    /// In a loop's thread prefer `co_await`: debug mode warns, and throws RuntimeError when it is that loop which
    /// computes the result, since it would wait for ever.
    std::add_lvalue_reference_t<T> result(const ResultOptions& options = {}) const& {
        core_->wait_for_result(options.timeout);
        return slot().get();
    }
    /// The same by value: moved out when it cannot be copied or nobody else could ask for it.
    T result(const ResultOptions& options = {}) const&& {
        core_->wait_for_result(options.timeout);
        return detail::take_or_copy<T>(slot(), core_->shared());
    }
    /// The same; the exception, nullptr when there is a result.
    [[nodiscard]] std::exception_ptr exception(const ResultOptions& options = {}) const {
        return core_->wait_for_exception(options.timeout);
    }

    /// Calls `callback(future)` when it is done: in the thread that completes it, or at once. In the order of adding;
    /// what it throws is logged.
    template <class F>
        requires std::is_invocable_v<std::decay_t<F>&, Future<T>>
    void add_done_callback(F&& callback) const {
        core_->add(*new detail::ConcurrentCallback<Future<T>, std::decay_t<F>>(std::forward<F>(callback)));
    }

    /// For executors: the job begins, it cannot be cancelled any more. False when it was cancelled, and must not begin.
    /// Throws futures::InvalidStateError when it runs or is finished.
    bool set_running_or_notify_cancel() const { return core_->set_running_or_notify_cancel(); }
    /// For executors and tests. Throws futures::InvalidStateError when it is done.
    template <class U = T>
        requires(!std::is_void_v<T> && (std::is_constructible_v<T, U> || std::is_reference_v<T>))
    void set_result(U&& value) const {
        core_->finish_with([&](auto&) { slot().emplace(std::forward<U>(value)); });
    }
    /// The same without a value.
    void set_result() const
        requires std::is_void_v<T>
    {
        core_->finish_with([](auto&) {});
    }
    /// The same with an exception: a `std::exception_ptr` or any object to be thrown.
    template <class E>
    void set_exception(E&& error) const {
        std::exception_ptr pointer;
        if constexpr (std::is_same_v<std::decay_t<E>, std::exception_ptr>) {
            pointer = std::forward<E>(error);
        } else {
            pointer = std::make_exception_ptr(std::forward<E>(error));
        }
        core_->finish_with([&](auto& slot) { slot.error = std::move(pointer); });
    }

    /// `<Future state=running>` …
    [[nodiscard]] std::string repr() const { return core_->repr(); }
    /// Used by the library.
    [[nodiscard]] detail::ConcurrentCore& core() const noexcept { return *core_; }
    /// Used by the library.
    [[nodiscard]] detail::ConcurrentState<T>& state() const noexcept {
        return static_cast<detail::ConcurrentState<T>&>(*core_);
    }
    /// Whether both refer to the same future.
    friend bool operator==(const Future& a, const Future& b) noexcept { return a.core_ == b.core_; }

    /// Throws RuntimeError when no loop runs in this thread.
    detail::FutureAwaiter<T> operator co_await() const {
        return detail::FutureAwaiter<T>(detail::wrap_state<T>(detail::require_running_loop(), state()), true);
    }

private:
    [[nodiscard]] detail::Slot<T>& slot() const noexcept { return state().typed_slot(); }

    detail::ConcurrentPtr core_;
};

}  // namespace futures

/// Another name, where `futures::` would hide what is meant.
template <class T>
using ConcurrentFuture = futures::Future<T>;

}  // namespace asyncio

template <class T>
struct std::hash<asyncio::futures::Future<T>> {
    std::size_t operator()(const asyncio::futures::Future<T>& future) const noexcept {
        return std::hash<const void*>()(&future.core());
    }
};
