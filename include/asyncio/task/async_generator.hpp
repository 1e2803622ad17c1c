#pragma once

#include <asyncio/base/exceptions.hpp>
#include <asyncio/base/refuse.hpp>
#include <asyncio/task/generator_promise.hpp>

#include <concepts>
#include <coroutine>
#include <exception>
#include <optional>
#include <source_location>
#include <type_traits>
#include <utility>

namespace asyncio {

namespace detail {

/// Asks for the next item.
template <class T>
class NextAwaiter : private GeneratorAwaiter {
public:
    using asyncio_awaiter = void;

    explicit NextAwaiter(GeneratorPromiseBase*& generator, Request request = Request::item,
                         std::exception_ptr error = nullptr) noexcept
        : GeneratorAwaiter(generator),
          slot_(request, std::move(error)) {}
    /// One that was not awaited yet may be moved, into a task for instance.
    NextAwaiter(NextAwaiter&& unstarted) noexcept
        : NextAwaiter(*unstarted.generator_, unstarted.slot_.request, std::move(unstarted.slot_.error)) {}

    ASYNCIO_TRUTH_ONLY_BY_CO_AWAIT

    [[nodiscard]] bool await_ready() { return ready(slot_); }
    template <class P>
    [[gnu::always_inline]] std::coroutine_handle<> await_suspend(std::coroutine_handle<P> awaiting) noexcept {
        return (*generator_)->enter(awaiting.promise(), slot_);
    }
    GeneratorItem<T> await_resume() {
        slot_.answered();
        if (slot_.error) [[unlikely]]
            std::rethrow_exception(to_throw(slot_.error));
        return std::move(slot_.item);
    }

protected:
    GeneratorSlot<T> slot_;
};

/// Asks for the next item and sends a value.
template <class T, class Sent>
class SendAwaiter final : public NextAwaiter<T> {
public:
    SendAwaiter(GeneratorPromiseBase*& generator, std::optional<Sent> value)
        : NextAwaiter<T>(generator),
          value_(std::move(value)) {}
    SendAwaiter(SendAwaiter&& unstarted) noexcept(std::is_nothrow_move_constructible_v<Sent>)
        : NextAwaiter<T>(std::move(unstarted)),
          value_(std::move(unstarted.value_)) {}

    [[nodiscard]] bool await_ready() {
        if (value_.has_value()) this->slot_.sent = std::addressof(*value_);
        return NextAwaiter<T>::await_ready();
    }

private:
    std::optional<Sent> value_;
};

/// Asks the generator to end.
class CloseAwaiter final : private GeneratorAwaiter {
public:
    using asyncio_awaiter = void;

    explicit CloseAwaiter(GeneratorPromiseBase*& generator) noexcept : GeneratorAwaiter(generator) {}
    CloseAwaiter(CloseAwaiter&& unstarted) noexcept : CloseAwaiter(*unstarted.generator_) {}

    [[nodiscard]] bool await_ready() { return ready(slot_); }
    template <class P>
    [[gnu::always_inline]] std::coroutine_handle<> await_suspend(std::coroutine_handle<P> awaiting) noexcept {
        return (*generator_)->enter(awaiting.promise(), slot_);
    }
    void await_resume();

private:
    GeneratorSlotBase slot_{Request::exit};
};

}  // namespace detail

/// A coroutine function that yields items: `co_yield` gives one to whoever awaits `next()`, and goes on when the next
/// one is asked for. Between the items it may await anything.
///
///     asyncio::AsyncGenerator<int> countdown(int n) {
///         for (; n > 0; --n) {
///             co_await asyncio::sleep(1s);
///             co_yield n;
///         }
///     }
///     auto numbers = countdown(3);
///     while (auto n = co_await numbers.next()) std::printf("%d\n", *n);
///
/// The body runs in the task that awaits `next()`, without a trip through the loop and without an allocation for an
/// item. It starts at the first `next()`, when the loop takes notice of it (see EventLoop::shutdown_asyncgens). An item
/// is a T made from what is yielded; an AsyncGenerator<T&> yields references. With a type `Sent`, `co_yield` gives a
/// `std::optional<Sent>`: what `asend` was given, nothing after `next()`. Parameters: see Coro.
///
/// Destroying it destroys a suspended body at once: its destructors run, awaiting cleanup does not. For that, call
/// `aclose()`, or use `async_with(aclosing(generator), body)`; in debug mode the omission is logged. While a request is
/// being awaited the body lives on until that has been answered. Moved-from: finished.
/// Throws: what the body throws comes out of the request, and the generator is finished. A request while another one is
/// inside throws RuntimeError "…: asynchronous generator is already running".
/// Cancellation: of a task that waits inside the body is thrown there, and comes out of the request if it is let pass.
/// Thread safety: one thread at a time; that of the loop, once started.
/// Mirrors Python's asynchronous generators (3.6).
template <class T, class Sent>
class [[nodiscard("an async generator does nothing until next() is awaited")]] AsyncGenerator {
    static_assert(!std::is_void_v<T> && !std::is_rvalue_reference_v<T>, "AsyncGenerator<T>: T is a value or T&");
    static_assert(!std::is_reference_v<Sent>, "AsyncGenerator<T, Sent>: Sent is a value");

public:
    using promise_type = detail::GeneratorPromise<T, Sent>;
    using value_type = T;
    /// `std::optional<T>`; for an AsyncGenerator<T&> a `T*`, which is tested and dereferenced in the same way.
    using Item = detail::GeneratorItem<T>;

    /// The next item, or nothing when the body has ended. The generator must stay in place until it is awaited.
    [[nodiscard("write co_await generator.next()")]] detail::NextAwaiter<T> next() noexcept {
        return detail::NextAwaiter<T>(handle_.promise());
    }

    /// As `next()`; the `co_yield` where the body is suspended gives `value`. `std::nullopt`: exactly `next()`. Throws
    /// std::invalid_argument when there is a value and the generator has not started.
    [[nodiscard("write co_await generator.asend(…)")]] auto asend(std::optional<std::type_identity_t<Sent>> value)
        requires(!std::is_void_v<Sent>)
    {
        return detail::SendAwaiter<T, Sent>(handle_.promise(), std::move(value));
    }

    /// As `next()`, but throws `error` at the `co_yield` where the body is suspended. One that has not started is
    /// finished by it, and throws it; one that is finished stays so, and gives nothing. Throws std::invalid_argument
    /// for a null `error`.
    [[nodiscard("write co_await generator.athrow(…)")]] detail::NextAwaiter<T> athrow(std::exception_ptr error) {
        if (!error) detail::throw_nothing_to_throw();
        return detail::NextAwaiter<T>(handle_.promise(), detail::GeneratorAwaiter::Request::raise, std::move(error));
    }
    /// The same with an exception object.
    template <class E>
        requires(!std::convertible_to<E, std::exception_ptr>)
    [[nodiscard("write co_await generator.athrow(…)")]] detail::NextAwaiter<T> athrow(E&& error) {
        return athrow(std::make_exception_ptr(std::forward<E>(error)));
    }

    /// Ends the body: GeneratorExit is thrown at the `co_yield` where it is suspended, and it may clean up with further
    /// awaits. Nothing runs when it has not started or is finished. Repeatable.
    /// Throws RuntimeError "async generator ignored GeneratorExit" when the body yields again (it is suspended there
    /// then), and what the body throws instead of GeneratorExit.
    [[nodiscard("write co_await generator.aclose()")]] detail::CloseAwaiter aclose() noexcept {
        return detail::CloseAwaiter(handle_.promise());
    }

private:
    friend promise_type;
    explicit AsyncGenerator(detail::GeneratorPromiseBase& promise) noexcept : handle_(promise) {}

    detail::GeneratorHandle handle_;
};

namespace detail {

template <class T, class Sent>
AsyncGenerator<T, Sent> GeneratorPromise<T, Sent>::get_return_object(std::source_location function) noexcept {
    where = function;
    return AsyncGenerator<T, Sent>(*this);
}

}  // namespace detail

/// The context manager that `aclosing` makes. Gives the generator as `*closing` and `closing->`.
template <class Generator>
class Aclosing {
public:
    /// Used by `aclosing`.
    explicit Aclosing(Generator&& generator) : generator_(std::forward<Generator>(generator)) {}

    /// For `async_with`; does nothing.
    void aenter() const noexcept {}
    /// For `async_with`: awaits the generator's `aclose()`.
    auto aexit(const std::exception_ptr&) { return generator_.aclose(); }

    /// The generator's `next()`.
    [[nodiscard]] auto next() { return generator_.next(); }
    /// The generator.
    [[nodiscard]] std::remove_reference_t<Generator>& operator*() noexcept { return generator_; }
    /// The same.
    [[nodiscard]] std::remove_reference_t<Generator>* operator->() noexcept { return std::addressof(generator_); }

private:
    Generator generator_;
};

/// For `async_with`: awaits `generator.aclose()` after the body, however that ended. A named generator is used where it
/// is, a temporary is moved in.
///
///     co_await asyncio::async_with(asyncio::aclosing(lines(path)), [&](auto& lines) -> asyncio::Coro<> {
///         while (auto line = co_await lines.next()) if (line->empty()) co_return;
///     });
///
/// Mirrors contextlib.aclosing (since 3.10).
template <class Generator>
    requires requires(Generator& generator) { generator.aclose(); }
[[nodiscard]] Aclosing<Generator> aclosing(Generator&& generator) {
    return Aclosing<Generator>(std::forward<Generator>(generator));
}

}  // namespace asyncio
