#pragma once

#include <asyncio/base/refuse.hpp>
#include <asyncio/loop/policy.hpp>
#include <asyncio/task/any_future.hpp>
#include <asyncio/task/done_callback.hpp>
#include <asyncio/task/future_awaiter.hpp>
#include <asyncio/task/future_core.hpp>

#include <cstddef>
#include <exception>
#include <source_location>
#include <type_traits>
#include <utility>

namespace asyncio {

/// A result that is not there yet: pending, then done with a value, with an exception, or cancelled. Copying copies the
/// reference, as in Python.
///
/// `co_await future` waits and gives a copy of the result; `co_await std::move(future)` moves it out when nobody else
/// holds the future. Awaiting a done future does not suspend. Cancellation: cancelling the awaiting task cancels the
/// future (and so everybody else who awaits it; see shield).
/// An exception that nobody has taken when the last reference goes is given to the loop's exception handler.
/// Thread safety: the loop's thread only; from others use `loop.call_soon_threadsafe`.
/// Mirrors asyncio.Future.
template <class T>
class Future : public AnyFuture {
public:
    using value_type = T;

    /// A pending future of the loop that get_event_loop() gives; throws RuntimeError when there is none.
    Future(detail::CallPlace place = detail::CallPlace(std::source_location::current()))
        : Future(detail::default_loop(), place) {}
    /// A pending future of the loop.
    explicit Future(EventLoop& loop, std::source_location place = std::source_location::current())
        : Future(loop.core(), detail::CallPlace(place)) {}
    /// Used by the library.
    explicit Future(detail::FuturePtr core) noexcept : AnyFuture(std::move(core)) {}

    /// Throws InvalidStateError when pending, CancelledError when cancelled, the exception when there is one, always
    /// the same object.
    std::add_lvalue_reference_t<T> result() & {
        this->core().check_result();
        return slot().get();
    }
    /// The same for a const one, which refers to the same result.
    std::add_lvalue_reference_t<T> result() const& { return const_cast<Future&>(*this).result(); }
    /// Moves the result out.
    T result() const&& {
        this->core().check_result();
        return slot().take();
    }

    /// Makes the future done; whoever waits goes on in the next iteration, in the order of their coming. Throws
    /// InvalidStateError when it is done already, RuntimeError for a task.
    template <class U = T>
        requires(!std::is_void_v<T> && (std::is_constructible_v<T, U> || std::is_reference_v<T>))
    void set_result(U&& value) {
        prepare_set("set_result");
        slot().emplace(std::forward<U>(value));
        core_->set_finished();
    }
    /// The same without a value.
    void set_result()
        requires std::is_void_v<T>
    {
        prepare_set("set_result");
        core_->set_finished();
    }
    /// The same with an exception: a `std::exception_ptr` or any object to be thrown. A CancelledError makes the future
    /// done, not cancelled.
    template <class E>
    void set_exception(E&& error) {
        prepare_set("set_exception");
        if constexpr (std::is_same_v<std::decay_t<E>, std::exception_ptr>) {
            core_->set_exception(std::forward<E>(error));
        } else {
            core_->set_exception(std::make_exception_ptr(std::forward<E>(error)));
        }
    }

    /// Calls `callback(future)` in the iteration after the future is done, never inline; on a done future likewise.
    /// Callbacks and awaiting tasks run in the order of their registration. What it throws goes to the loop's exception
    /// handler. Returns an id for `remove_done_callback`. It runs in a copy of the context that is current now, or in
    /// `context` itself.
    template <class F>
        requires detail::Callback<F, Future<T>>
    DoneCallbackId add_done_callback(F&& callback, std::source_location place = std::source_location::current()) const {
        return detail::add_done_callback<Future<T>>(this->core(), std::forward<F>(callback), nullptr, place);
    }
    /// The same in `context`.
    template <class F>
        requires detail::Callback<F, Future<T>>
    DoneCallbackId add_done_callback(const Context& context, F&& callback,
                                     std::source_location place = std::source_location::current()) const {
        return detail::add_done_callback<Future<T>>(this->core(), std::forward<F>(callback), &context.core(), place);
    }
    template <class F>
        requires detail::CoroutineIsGivenInsteadOfCallback<F, Future<T>>
    ASYNCIO_REFUSE(detail::TheCoroutineWouldNeverRunUseCreateTask add_done_callback(F&&))

    /// Waits until it is done; gives a copy of the result, or throws the exception. Cancellation: cancels the future.
    detail::FutureAwaiter<T> operator co_await() const& {
        return detail::FutureAwaiter<T>(detail::FuturePtr(&this->core()), false);
    }
    /// The same; moves the result out when nobody else holds the future.
    detail::FutureAwaiter<T> operator co_await() && {
        static_cast<void>(this->core());
        return detail::FutureAwaiter<T>(std::move(core_), true);
    }
    ASYNCIO_VALUE_ONLY_BY_CO_AWAIT(T)

protected:
    /// Used by the library.
    detail::Slot<T>& slot() const noexcept { return static_cast<detail::Slot<T>&>(core_->slot()); }

private:
    Future(detail::LoopCore& loop, detail::CallPlace place)
        : AnyFuture(detail::FuturePtr(new detail::FutureState<T>(loop))) {
        core_->made_at(place.where);
    }
    void prepare_set(const char* operation) const {
        detail::refuse_task(this->core(), operation);
        core_->check_completable();
    }
};

template <class T>
Future<T> EventLoop::create_future(std::source_location place) {
    return Future<T>(*this, place);
}

namespace detail {
template <class T>
inline constexpr bool is_future = std::is_base_of_v<AnyFuture, T>;
}  // namespace detail

/// True for Future, Task and what gather and shield return. Mirrors asyncio.isfuture (since 3.5).
template <class T>
[[nodiscard]] constexpr bool isfuture(const T&) noexcept {
    return detail::is_future<T>;
}

}  // namespace asyncio

template <class T>
struct std::tuple_size<asyncio::Future<T>> {
private:
    static constexpr std::size_t value = asyncio::detail::refuse_structured_binding<asyncio::Future<T>>();
};
