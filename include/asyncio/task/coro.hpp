#pragma once

#include <asyncio/base/creation_places.hpp>
#include <asyncio/base/exceptions.hpp>
#include <asyncio/base/light_traits.hpp>
#include <asyncio/base/refuse.hpp>
#include <asyncio/task/promise.hpp>

#include <coroutine>
#include <cstddef>
#include <source_location>
#include <type_traits>
#include <utility>

namespace asyncio {

template <class T = void>
class Coro;

namespace detail {

template <class T>
class Promise final : public PromiseBase {
public:
    // Here, because the compiler evaluates a default argument in the coroutine function only for what it calls itself.
    Coro<T> get_return_object(std::source_location function = std::source_location::current()) noexcept;

    template <class U = T>
        requires std::constructible_from<T, U> || std::is_reference_v<T>
    void return_value(U&& value) {
        static_cast<Slot<T>*>(slot)->emplace(std::forward<U>(value));
    }
    /// The mistake of a value of another type.
    template <class U>
    void return_value(U&&) {
        static_assert(std::is_void_v<U>,
                      "co_return: no T of asyncio::Coro<T> can be made of this value; of a coroutine, "
                      "co_return co_await f()");
    }
};

template <>
class Promise<void> final : public PromiseBase {
public:
    Coro<void> get_return_object(std::source_location function = std::source_location::current()) noexcept;
    void return_void() noexcept {}
};

void report_never_awaited(const PromiseBase& promise) noexcept;
/// In debug mode: keeps the stack that made the coroutine.
void coroutine_made(const PromiseBase& promise) noexcept;
[[nodiscard]] bool debugging_coroutines() noexcept;

/// Runs a coroutine inside the awaiting one: same task, no queue.
template <class T>
class CoroAwaiter {
public:
    using asyncio_awaiter = void;

    explicit CoroAwaiter(PromiseBase* child) {
        if (child == nullptr) [[unlikely]]
            throw_already_awaited();
        slot_.child = child;
    }
    CoroAwaiter(const CoroAwaiter&) = delete;
    CoroAwaiter& operator=(const CoroAwaiter&) = delete;
    ~CoroAwaiter() {
        if (slot_.child != nullptr) slot_.child->handle().destroy();
    }

    [[nodiscard]] bool await_ready() const noexcept { return false; }

    template <class P>
    [[gnu::always_inline]] std::coroutine_handle<> await_suspend(std::coroutine_handle<P> awaiting) noexcept {
        PromiseBase& child = *slot_.child;
        child.caller = &awaiting.promise();
        child.slot = &slot_;
        return transfer(child.handle());
    }

    T await_resume() {
        if (slot_.error) [[unlikely]]
            std::rethrow_exception(to_throw(slot_.error));
        return slot_.take();
    }

private:
    Slot<T> slot_;
};

}  // namespace detail

/// What calling an `async def` function gives: a computation that has not started. It starts when it is awaited, in the
/// awaiting task and without a trip through the loop, or when a task takes it. A function whose return type is
/// `Coro<T>` is a coroutine function; `Coro<>` returns nothing.
///
/// Parameters taken by value live in the coroutine's frame; references must outlive the coroutine. Moved-from or
/// already awaited: awaiting it throws RuntimeError "cannot reuse already awaited coroutine".
/// Cancellation: an await inside throws CancelledError; see Task::cancel.
/// Thread safety: distinct objects: safe, as long as each frame is used by one thread at a time.
/// Mirrors Python's coroutine objects (3.5).
template <class T>
class [[nodiscard("a coroutine does nothing until it is awaited: write co_await f() or create_task(f())")]] Coro {
public:
    using promise_type = detail::Promise<T>;
    using value_type = T;

    /// Leaves `other` without a coroutine.
    Coro(Coro&& other) noexcept : promise_(detail::exchanged(other.promise_, nullptr)) {}
    /// Destroys the coroutine that was here, as the destructor does.
    Coro& operator=(Coro&& other) noexcept {
        if (this != &other) {
            drop();
            promise_ = detail::exchanged(other.promise_, nullptr);
        }
        return *this;
    }
    /// Destroys the coroutine; in debug mode one that never started is reported ("coroutine 'f' was never awaited").
    ~Coro() { drop(); }

    /// Destroys the coroutine without a report.
    void close() noexcept {
        if (promise_ != nullptr) detail::exchanged(promise_, nullptr)->handle().destroy();
    }

    /// Runs the coroutine inside the awaiting task; gives its value or throws its exception. Throws RuntimeError when
    /// it was awaited already.
    detail::CoroAwaiter<T> operator co_await() && {
        return detail::CoroAwaiter<T>(detail::exchanged(promise_, nullptr));
    }
    /// The same for a named one, once.
    detail::CoroAwaiter<T> operator co_await() & { return std::move(*this).operator co_await(); }

    /// Runs the coroutine to its end without a loop and without a task: one that never has to wait gives its value, or
    /// throws its exception. A wait inside throws RuntimeError at its `co_await` ("no running event loop").
    /// Throws RuntimeError when it was awaited already, or suspends at something that is not this library's.
    /// Mirrors coro.send(None).
    T send() &&;
    /// The same for a named one, once.
    T send() & { return std::move(*this).send(); }

    ASYNCIO_VALUE_ONLY_BY_CO_AWAIT(T)

    /// Gives the coroutine to a task.
    [[nodiscard]] detail::PromiseBase* release() noexcept { return detail::exchanged(promise_, nullptr); }
    /// Used by the library: what release() gave away.
    [[nodiscard]] static Coro adopt(detail::PromiseBase* promise) noexcept { return Coro(promise); }

private:
    friend promise_type;
    explicit Coro(detail::PromiseBase* promise) noexcept : promise_(promise) {}
    void drop() noexcept {
        if (promise_ == nullptr) return;
        if (detail::debugging_coroutines()) [[unlikely]]
            detail::report_never_awaited(*promise_);
        close();
    }

    detail::PromiseBase* promise_;
};

namespace detail {

template <class T>
Coro<T> Promise<T>::get_return_object(std::source_location function) noexcept {
    where = function;
    if (keeping_places()) [[unlikely]]
        coroutine_made(*this);
    return Coro<T>(this);
}
inline Coro<void> Promise<void>::get_return_object(std::source_location function) noexcept {
    where = function;
    if (keeping_places()) [[unlikely]]
        coroutine_made(*this);
    return Coro<void>(this);
}

/// Drives a coroutine that no task is in; nothing inside may wait.
void drive_alone(PromiseBase& root);

template <class T>
inline constexpr bool is_coro = false;
template <class T>
inline constexpr bool is_coro<Coro<T>> = true;

/// A Coro, or an awaiter that stands for one and converts to it (what wait_for returns, say).
template <class T>
concept CoroLike = is_coro<T> || requires { typename T::stands_for_coro; };

}  // namespace detail

template <class T>
T Coro<T>::send() && {
    if (promise_ == nullptr) detail::throw_already_awaited();
    struct Frame {
        detail::Slot<T> slot;
        ~Frame() {
            if (slot.child != nullptr) slot.child->handle().destroy();
        }
    } frame;
    frame.slot.child = release();
    frame.slot.child->slot = &frame.slot;
    detail::drive_alone(*frame.slot.child);
    if (frame.slot.error) std::rethrow_exception(std::move(frame.slot.error));
    return frame.slot.take();
}

/// True for a Coro; false for futures, tasks, generators and functions. Mirrors asyncio.iscoroutine.
template <class T>
[[nodiscard]] constexpr bool iscoroutine(const T&) noexcept {
    return detail::is_coro<T>;
}

}  // namespace asyncio

template <class T>
struct std::tuple_size<asyncio::Coro<T>> {
private:
    static constexpr std::size_t value = asyncio::detail::refuse_structured_binding<asyncio::Coro<T>>();
};
