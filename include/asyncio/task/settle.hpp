#pragma once

#include <asyncio/base/light_traits.hpp>
#include <asyncio/task/coro.hpp>
#include <asyncio/task/promise.hpp>
#include <asyncio/task/slot.hpp>
#include <asyncio/task/transfer.hpp>

#include <coroutine>
#include <exception>
#include <type_traits>

namespace asyncio::detail {

/// Runs a coroutine inside the awaiting one, as CoroAwaiter does, and leaves how it ended in a slot: an exception is
/// not thrown, so whoever has to clean up first may await meanwhile.
template <class T>
class Settle {
public:
    using asyncio_awaiter = void;

    /// The coroutine is what `make(arguments...)` returns. When making it throws, that is how it ended.
    template <class F, class... Args>
    explicit Settle(Slot<T>& outcome, F& make, Args&... arguments) noexcept : outcome_(outcome) {
        try {
            Coro<T> coroutine = make(arguments...);
            outcome_.child = coroutine.release();
            if (outcome_.child == nullptr) throw_already_awaited();
        } catch (...) {
            outcome_.error = std::current_exception();
        }
    }
    Settle(const Settle&) = delete;
    Settle& operator=(const Settle&) = delete;
    ~Settle() {
        if (outcome_.child == nullptr) return;
        outcome_.child->handle().destroy();
        outcome_.child = nullptr;
    }

    [[nodiscard]] bool await_ready() const noexcept { return outcome_.child == nullptr; }

    template <class P>
    [[gnu::always_inline]] std::coroutine_handle<> await_suspend(std::coroutine_handle<P> awaiting) noexcept {
        PromiseBase& child = *outcome_.child;
        child.caller = &awaiting.promise();
        child.slot = &outcome_;
        return transfer(child.handle());
    }

    void await_resume() const noexcept {}

private:
    Slot<T>& outcome_;
};

/// What `outcome` holds: the value, or the exception, which is thrown.
template <class T>
T take_outcome_of(Slot<T>& outcome) {
    if (outcome.error) std::rethrow_exception(exchanged(outcome.error, nullptr));
    return outcome.take();
}

/// The T of the Coro<T> that calling F gives.
template <class F, class... Args>
using CoroValue = typename std::remove_cvref_t<std::invoke_result_t<F&, Args&...>>::value_type;

/// A callable that returns a Coro, given the arguments.
template <class F, class... Args>
concept BodyFor = std::is_invocable_v<std::remove_cvref_t<F>&, Args&...> &&
                  CoroLike<std::remove_cvref_t<std::invoke_result_t<std::remove_cvref_t<F>&, Args&...>>>;

/// How an argument is kept in a coroutine's frame: a temporary by value, a named object by reference.
template <class A>
using Kept = std::conditional_t<std::is_lvalue_reference_v<A>, A, std::remove_cvref_t<A>>;

}  // namespace asyncio::detail
