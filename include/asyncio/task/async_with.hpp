#pragma once

#include <asyncio/base/exceptions.hpp>
#include <asyncio/base/light_traits.hpp>
#include <asyncio/base/refuse.hpp>
#include <asyncio/task/closure.hpp>
#include <asyncio/task/coro.hpp>
#include <asyncio/task/settle.hpp>

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <type_traits>
#include <utility>

namespace asyncio {

namespace detail {

template <class R>
concept ExitResult = std::is_void_v<R> || std::same_as<R, bool>;

template <class A>
struct AwaitedResult {
    using type = A;
};
template <Awaitable A>
struct AwaitedResult<A> {
    using type = AwaitResult<A>;
};

template <class M>
using ExitResultOf =
    typename AwaitedResult<decltype(std::declval<M&>().aexit(std::declval<std::exception_ptr>()))>::type;

}  // namespace detail

/// A context manager for `async_with`, the C++ form of an object with `__aenter__` and `__aexit__`:
///
///     aenter()                          before the body; what it throws comes out, and nothing else is called
///     aexit(std::exception_ptr error)   after the body, with its exception or nullptr
///
/// Each may be an ordinary function or return something to be awaited. `aexit` returns (or its await gives) void or
/// bool; true means that `error` has been dealt with, otherwise it is thrown again after that. Throwing from `aexit`
/// puts another exception in the place of `error`.
template <class M>
concept AsyncContextManager = requires(M& manager, std::exception_ptr error) {
    manager.aenter();
    manager.aexit(error);
} && detail::ExitResult<detail::ExitResultOf<M>>;

namespace detail {

[[noreturn]] void throw_no_value();

/// A manager whose two functions are ordinary ones.
template <class M>
concept PlainContextManager = !Awaitable<decltype(std::declval<M&>().aenter())> &&
                              !Awaitable<decltype(std::declval<M&>().aexit(std::declval<std::exception_ptr>()))>;

template <class Manager, class Body, class R>
Coro<R> run_with(Manager manager, Body body) {
    using M = std::remove_reference_t<Manager>;
    if constexpr (Awaitable<decltype(manager.aenter())>) {
        co_await manager.aenter();
    } else {
        manager.aenter();
    }
    Slot<R> outcome;
    co_await Settle<R>(outcome, body, manager);

    bool handled = false;
    using Exit = decltype(manager.aexit(outcome.error));
    if constexpr (Awaitable<Exit>) {
        if constexpr (std::is_void_v<ExitResultOf<M>>) {
            co_await manager.aexit(outcome.error);
        } else {
            handled = co_await manager.aexit(outcome.error);
        }
    } else if constexpr (std::is_void_v<Exit>) {
        manager.aexit(outcome.error);
    } else {
        handled = manager.aexit(outcome.error);
    }
    if (outcome.error && handled) {
        outcome.error = nullptr;
        if constexpr (!std::is_void_v<R>) throw_no_value();
    }
    co_return take_outcome_of(outcome);
}

/// What async_with returns for a PlainContextManager: does in the awaiting frame what run_with does in one of its own.
template <class Manager, class Body, class R>
class WithAwaiter {
public:
    using asyncio_awaiter = void;

    using value_type = R;
    using stands_for_coro = void;

    WithAwaiter(Manager&& manager, Body&& body)
        : manager_(std::forward<Manager>(manager)),
          body_(std::forward<Body>(body)) {}
    /// Makes both in place.
    template <class M, class B>
    WithAwaiter(std::in_place_t, M&& manager, B&& body)
        : manager_(std::forward<M>(manager)),
          body_(std::forward<B>(body)) {}
    /// One that was not awaited yet may be moved, into a task for instance.
    WithAwaiter(WithAwaiter&& unstarted)
        : WithAwaiter(std::forward<Manager>(unstarted.manager_), std::forward<Body>(unstarted.body_)) {}
    WithAwaiter& operator=(WithAwaiter&&) = delete;
    ~WithAwaiter() { destroy_body(); }

    /// For whoever keeps it among other coroutines.
    operator Coro<R>() && { return wait_for_it(std::move(*this)); }

    ASYNCIO_VALUE_ONLY_BY_CO_AWAIT(R)

    [[nodiscard]] bool await_ready() {
        if (detail::exchanged(used_, true)) throw_already_awaited();
        manager_.aenter();
        try {
            Coro<R> body = body_(manager_);
            outcome_.child = body.release();
            if (outcome_.child == nullptr) throw_already_awaited();
        } catch (...) {
            outcome_.error = std::current_exception();
        }
        return outcome_.child == nullptr;
    }
    template <class P>
    [[gnu::always_inline]] std::coroutine_handle<> await_suspend(std::coroutine_handle<P> awaiting) noexcept {
        PromiseBase& child = *outcome_.child;
        child.caller = &awaiting.promise();
        child.slot = &outcome_;
        return transfer(child.handle());
    }
    R await_resume() {
        destroy_body();
        if constexpr (std::is_void_v<decltype(manager_.aexit(outcome_.error))>) {
            manager_.aexit(outcome_.error);
        } else {
            const bool handled = manager_.aexit(outcome_.error);
            if (outcome_.error && handled) {
                outcome_.error = nullptr;
                if constexpr (!std::is_void_v<R>) throw_no_value();
            }
        }
        return take_outcome_of(outcome_);
    }

private:
    static Coro<R> wait_for_it(WithAwaiter self) { co_return co_await self; }
    void destroy_body() noexcept {
        if (PromiseBase* body = detail::exchanged(outcome_.child, nullptr)) body->handle().destroy();
    }

    Manager manager_;
    Body body_;
    Slot<R> outcome_;
    bool used_ = false;
};

}  // namespace detail

/// Python's `async with`: enters the manager, runs `body(manager)` in the calling task, leaves the manager however the
/// body ended, and gives the body's result.
///
///     int sum = co_await asyncio::async_with(asyncio::TaskGroup(), [&](asyncio::TaskGroup& group) ->
///     asyncio::Coro<int> {
///         auto a = group.create_task(f());
///         co_return co_await a + 1;
///     });
///
/// Manager and body that are temporaries are moved into the coroutine; named ones are used where they are.
/// Throws what the body threw, unless the manager put another exception in its place or dealt with it. In the latter
/// case a body that should have returned a value has none, and RuntimeError is thrown. What it returns is to be awaited
/// once: a Coro, or, when the manager's functions are ordinary ones, an awaiter without a frame that converts to one.
/// Cancellation: reaches the await in the body, or the manager's.
template <class Manager, class Body>
    requires AsyncContextManager<std::remove_cvref_t<Manager>> && detail::BodyFor<Body, std::remove_cvref_t<Manager>>
[[nodiscard]] auto async_with(Manager&& manager, Body&& body) {
    detail::require_safe_closure<Body>();
    using R = detail::CoroValue<std::remove_cvref_t<Body>, std::remove_cvref_t<Manager>>;
    using M = detail::Kept<Manager>;
    using B = detail::Kept<Body>;
    if constexpr (detail::PlainContextManager<std::remove_cvref_t<Manager>>) {
        return detail::WithAwaiter<M, B, R>(std::forward<Manager>(manager), std::forward<Body>(body));
    } else {
        return detail::run_with<M, B, R>(std::forward<Manager>(manager), std::forward<Body>(body));
    }
}

/// The mistake of a body that returns no Coro.
template <class Manager, class Body>
    requires AsyncContextManager<std::remove_cvref_t<Manager>> && (!detail::BodyFor<Body, std::remove_cvref_t<Manager>>)
Coro<> async_with(Manager&&, Body&&) {
    static_assert(detail::BodyFor<Body, std::remove_cvref_t<Manager>>,
                  "the body of asyncio::async_with must take the manager and return a Coro: write "
                  "[&](auto& manager) -> asyncio::Coro<> { … }");
    detail::throw_no_value();
}

}  // namespace asyncio

template <class Manager, class Body, class R>
struct std::tuple_size<asyncio::detail::WithAwaiter<Manager, Body, R>> {
private:
    static constexpr std::size_t value =
        asyncio::detail::refuse_structured_binding<asyncio::detail::WithAwaiter<Manager, Body, R>>();
};
