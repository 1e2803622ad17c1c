#pragma once

#include <asyncio/base/refuse.hpp>
#include <asyncio/task/ensure_future.hpp>
#include <asyncio/task/result.hpp>

#include <exception>
#include <string_view>
#include <utility>

namespace asyncio {

namespace detail {

/// The state of the future that shield returns; the untyped part.
///
///     watching ──inner is done──► the outcome is passed on, one iteration later
///        └─outer is done (cancelled)──► reporting: if inner fails, nobody hears of it but the exception handler
///
/// While it is entered at the inner future it counts as one reference to the shield; the shield owns the inner one only
/// once that is done.
class ShieldCore : public FutureCore {
public:
    bool cancel(std::string_view message) noexcept final;

protected:
    explicit ShieldCore(LoopCore& loop) noexcept : FutureCore(loop) {}
    /// Call when the shield is referenced. Precondition: inner is not done.
    void watch(FutureCore& inner) noexcept;
    /// Puts the result of the inner future into the slot.
    virtual void take_result(FutureCore& inner) = 0;

private:
    struct Inner : DoneNode, ReadyNode {
        explicit Inner(ShieldCore& shield) noexcept
            : DoneNode(&on_inner_done),
              ReadyNode(&run_inner_done),
              shield(shield) {}
        ShieldCore& shield;
        FutureCore* waiting_for = nullptr;
        FuturePtr done;
        bool reports = false;
    };
    struct Outer : DoneNode, ReadyNode {
        explicit Outer(ShieldCore& shield) noexcept
            : DoneNode(&on_outer_done),
              ReadyNode(&run_outer_done),
              shield(shield) {}
        ShieldCore& shield;
    };

    friend DoneNodeNames;
    static void on_inner_done(DoneNode& node, Turn turn) noexcept;
    static void give_up(DoneNode& node, Turn turn) noexcept;
    static void run_inner_done(ReadyNode& node, Turn turn);
    static void on_outer_done(DoneNode& node, Turn turn) noexcept;
    static void run_outer_done(ReadyNode& node, Turn turn);
    static AwaitEdge edge_;
    void pass_on(FutureCore& inner);
    void report(FutureCore& inner);
    void start_reporting() noexcept;

    Inner inner_{*this};
    Outer outer_{*this};
};

template <class T>
class ShieldState final : public ShieldCore {
public:
    explicit ShieldState(LoopCore& loop) noexcept : ShieldCore(loop) { place_slot(slot_); }
    ~ShieldState() override { report_if_unretrieved(); }
    void start(FutureCore& inner) noexcept { watch(inner); }

private:
    void take_result(FutureCore& inner) override {
        if constexpr (!std::is_void_v<T>) slot_.emplace(take_or_copy<T>(inner));
    }

    Slot<T> slot_;
};

}  // namespace detail

/// Protects an awaitable from the cancellation of whoever awaits it. Returns another Future with the same outcome:
/// cancelling that one, or the task that awaits it, leaves the inner one alone. A future that is done is returned
/// itself; a coroutine becomes a task, which the loop keeps alive.
///
///     auto result = co_await asyncio::shield(save(document));
///
/// When the inner awaitable is cancelled, the shield is, too. When it fails after the shield was cancelled, the loop's
/// exception handler is told once (3.14). The result is copied, or moved when nobody else holds the inner future.
/// Throws RuntimeError when a task is to be made and there is no loop: see get_event_loop. Lambdas inside a co_await
/// expression: as create_task.
/// Mirrors asyncio.shield.
template <detail::Ensurable A>
    requires requires { typename detail::EnsuredResult<A>; }
[[nodiscard]] detail::MadeOf<Future<detail::EnsuredResult<A>>, detail::safe_ensured<A>> shield(A&& awaitable) {
    using T = detail::EnsuredResult<A>;
    detail::LoopCore* loop = nullptr;
    Future<T> inner = detail::ensure(loop, std::forward<A>(awaitable));
    if (inner.done()) return inner;
    const detail::IntrusivePtr<detail::ShieldState<T>> state(new detail::ShieldState<T>(*loop));
    state->start(inner.core());
    return Future<T>(detail::FuturePtr(state.get()));
}

namespace detail {
struct ShieldTakesOneCoroutineFutureOrTaskOfWhichTheResultTypeIsKnown;
}  // namespace detail
ASYNCIO_REFUSE_BECAUSE(
    "asyncio::shield takes a coroutine, a callable without parameters that returns one, a Future or a Task, just one: "
    "write shield(f(x)), where f is a function that returns asyncio::Coro<>, or shield(gather(a, b))",
    detail::ShieldTakesOneCoroutineFutureOrTaskOfWhichTheResultTypeIsKnown shield(detail::Anything))

}  // namespace asyncio
