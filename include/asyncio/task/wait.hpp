#pragma once

#include <asyncio/base/clock.hpp>
#include <asyncio/base/light_traits.hpp>
#include <asyncio/base/owner.hpp>
#include <asyncio/base/refuse.hpp>
#include <asyncio/base/timer_heap.hpp>
#include <asyncio/task/ensure_future.hpp>
#include <asyncio/task/waiter.hpp>

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace asyncio {

/// When `wait` returns. Mirrors asyncio.FIRST_COMPLETED and its siblings.
enum class ReturnWhen : std::uint8_t {
    first_completed,  ///< FIRST_COMPLETED
    first_exception,  ///< FIRST_EXCEPTION
    all_completed,    ///< ALL_COMPLETED
};

/// When one is done, in whatever way.
inline constexpr ReturnWhen FIRST_COMPLETED = ReturnWhen::first_completed;
/// When one has failed, otherwise when all are done.
inline constexpr ReturnWhen FIRST_EXCEPTION = ReturnWhen::first_exception;
/// When all are done. The default.
inline constexpr ReturnWhen ALL_COMPLETED = ReturnWhen::all_completed;

/// Keyword arguments of `wait`.
struct WaitOptions {
    /// How long to wait at most; not positive: what is ready still runs. Default: without limit.
    TimeLimit timeout{};
    ReturnWhen return_when = ALL_COMPLETED;  ///< see FIRST_COMPLETED and its siblings
};
static_assert(detail::trivially_destructible<WaitOptions>);

/// What `wait` gives: two groups, each in the order of the input and without duplicates.
///
///     auto [done, pending] = co_await asyncio::wait(tasks);
template <class F>
struct WaitResult {
    /// Two empty groups.
    // So that GCC 12 does not take it for an aggregate; see closure.hpp.
    WaitResult() noexcept {}

    std::vector<F> done;     ///< with a result, an exception, or cancelled
    std::vector<F> pending;  ///< not done; they go on
};

namespace detail {

/// Waits for several futures.
///
///     watching ──deciding future is done──► decided ──one iteration later──► woken
///         └─timeout, cancel()──────────────────┴────────────────────────────► woken
///
/// Lives in a frame, and so do the two ready nodes: none of them is queued behind the wake-up of the task.
class WaitAwaiter : public Waiter {
public:
    WaitAwaiter(std::size_t count, const WaitOptions& options);
    ~WaitAwaiter();

    /// Adds a future to wait for; false when it was added before.
    bool add(FutureCore& future);
    /// How many different futures were added.
    [[nodiscard]] std::size_t size() const noexcept { return count_; }

    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <class P>
    void await_suspend(std::coroutine_handle<P> handle) {
        bind_to_current_task();
        start();
        suspend(handle);
    }
    void await_resume() { resumed(); }

    bool cancel(std::string_view message) noexcept override;
    void name_blockers(Blockers& blockers) const override;

private:
    struct Child : DoneNode {
        Child() noexcept : DoneNode(&on_done) {}
        WaitAwaiter* wait = nullptr;
        FutureCore* future = nullptr;
    };
    struct Decision : ReadyNode {
        explicit Decision(WaitAwaiter& wait) noexcept : ReadyNode(&on_decision), wait(wait) {}
        WaitAwaiter& wait;
        bool taken = false;
    };
    struct Timer : TimerNode {
        explicit Timer(WaitAwaiter& wait) noexcept : TimerNode(&on_timer), wait(wait) {}
        WaitAwaiter& wait;
    };

    friend DoneNodeNames;
    static void on_done(DoneNode& node, Turn turn) noexcept;
    static void on_decision(ReadyNode& node, Turn turn);
    static void on_timer(ReadyNode& node, Turn turn);
    static AwaitEdge edge_;
    void start();
    void count_down(FutureCore& future) noexcept;
    void leave() noexcept;
    void finish() noexcept;

    Owner<Child[]> children_;
    std::size_t count_ = 0;
    std::size_t left_ = 0;
    Decision decision_{*this};
    Timer timer_{*this};
    WaitOptions options_;
    bool woken_ = false;
};

[[noreturn]] void throw_nothing_to_wait_for();
void check_wait_options(const WaitOptions& options);

template <class F>
Coro<WaitResult<F>> wait_for_futures(std::vector<F> futures, WaitOptions options) {
    WaitAwaiter awaiter(futures.size(), options);
    std::erase_if(futures, [&](const F& future) { return !awaiter.add(future.core()); });
    co_await awaiter;
    WaitResult<F> result;
    result.done.reserve(futures.size());
    for (F& future : futures) (future.done() ? result.done : result.pending).push_back(std::move(future));
    co_return result;
}

}  // namespace detail

/// Waits until one or all futures of a range are done, or the time is up. Takes tasks, futures, and coroutines or
/// callables, which the call starts as tasks. What is done is judged when the waiting task goes on, so there may be
/// more than one with FIRST_COMPLETED.
///
///     auto [done, pending] = co_await asyncio::wait(tasks, {.timeout = 1s, .return_when = asyncio::FIRST_COMPLETED});
///
/// Never throws for a future's exception nor for the timeout: neither is anything cancelled by it; see wait_for. With
/// FIRST_EXCEPTION a future that was cancelled is no exception.
/// Throws std::invalid_argument when the range is empty, for an unknown `return_when` and for futures of different
/// loops. Cancellation: CancelledError; the futures are left alone. Complexity: linear in the size of the range per
/// call. Mirrors asyncio.wait, where coroutines are forbidden since 3.11.
template <detail::EnsurableRange R>
[[nodiscard("write co_await asyncio::wait(…)")]] auto wait(R&& awaitables, WaitOptions options = {}) {
    detail::require_safe_range<R>();
    detail::check_wait_options(options);
    detail::LoopCore* loop = &detail::require_running_loop();
    auto futures = detail::ensure_all(loop, std::forward<R>(awaitables));
    if (futures.empty()) detail::throw_nothing_to_wait_for();
    return detail::wait_for_futures(std::move(futures), options);
}

namespace detail {
struct WaitTakesARangeOfCoroutinesFuturesOrTasks;
struct WaitTakesARangeAndNoListInBraces;
}  // namespace detail
ASYNCIO_REFUSE_BECAUSE(
    "asyncio::wait takes a range of coroutines, futures or tasks: write std::vector tasks{a, b}; and "
    "co_await asyncio::wait(tasks)",
    detail::WaitTakesARangeOfCoroutinesFuturesOrTasks wait(detail::Anything, WaitOptions = {}))
template <class A, std::size_t n>
ASYNCIO_REFUSE_BECAUSE(
    "asyncio::wait takes a range, not a list in braces: write std::vector tasks{a, b}; "
    "and co_await asyncio::wait(tasks)",
    detail::WaitTakesARangeAndNoListInBraces wait(A (&&)[n], WaitOptions = {}))
template <class... More>
ASYNCIO_REFUSE_BECAUSE(
    "asyncio::wait takes a range of coroutines, futures or tasks: write std::vector tasks{a, b}; and "
    "co_await asyncio::wait(tasks)",
    detail::WaitTakesARangeOfCoroutinesFuturesOrTasks wait(detail::Anything, detail::Anything, More&&...))

}  // namespace asyncio
