#pragma once

#include <asyncio/base/clock.hpp>
#include <asyncio/base/frame_pool.hpp>
#include <asyncio/base/light_traits.hpp>
#include <asyncio/base/owner.hpp>
#include <asyncio/base/refuse.hpp>
#include <asyncio/base/standard/ranges.hpp>
#include <asyncio/loop/handle.hpp>
#include <asyncio/task/ensure_future.hpp>
#include <asyncio/task/result.hpp>
#include <asyncio/task/waiter.hpp>

#include <coroutine>
#include <cstddef>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace asyncio {

/// Keyword arguments of `as_completed`.
struct AsCompletedOptions {
    /// For all items together, from the call on. Default: without limit.
    TimeLimit timeout{};
};
static_assert(detail::trivially_destructible<AsCompletedOptions>);

namespace detail {

/// Several futures, and those of them that are done in the order of their completion. Shared by the iterator, the items
/// it handed out and the ready nodes that are queued; when these are gone it leaves the futures.
///
///     waiting ──future is done──► queued ──one iteration later──► completed ──item takes it──► served
///        └──────────────────────────┴─timeout──► expired
class AsCompletedCore : public Pooled {
public:
    AsCompletedCore(LoopCore& loop, std::size_t capacity);
    AsCompletedCore(const AsCompletedCore&) = delete;
    AsCompletedCore& operator=(const AsCompletedCore&) = delete;
    ~AsCompletedCore();

    void retain() noexcept { ++references_; }
    void release() noexcept {
        if (--references_ == 0) delete this;
    }

    /// Adds a future; one that was added before counts once.
    void add(FutureCore& future);
    /// All futures are added.
    void start(const AsCompletedOptions& options);

    /// How many items were not handed out yet.
    std::size_t unclaimed = 0;
    /// Hands out the next item: waits until a future is there for it. Throws TimeoutError.
    static Coro<FuturePtr> wait_for_one(IntrusivePtr<AsCompletedCore> self);

private:
    struct Child : DoneNode, ReadyNode {
        Child() noexcept : DoneNode(&on_done), ReadyNode(&on_turn) {}
        AsCompletedCore* core = nullptr;
        FuturePtr future;
        Child* next = nullptr;
    };
    class Consumer;

    friend DoneNodeNames;
    static void on_done(DoneNode& node, Turn turn) noexcept;
    static void on_turn(ReadyNode& node, Turn turn);
    void queue(Child& child) noexcept;
    void complete(Child& child) noexcept;
    void expire() noexcept;
    [[nodiscard]] bool nothing_to_take() const noexcept { return first_completed_ == nullptr && expired_ == 0; }
    void wake_consumer() noexcept;

    LoopPtr loop_;
    Owner<Child[]> children_;
    std::size_t count_ = 0;
    std::size_t waiting_ = 0;  // futures that are neither completed nor expired
    std::size_t expired_ = 0;  // items that will throw TimeoutError, behind those that are completed
    Child* first_completed_ = nullptr;
    Child* last_completed_ = nullptr;
    IntrusiveList<ListHook> consumers_;
    TimerHandle timer_;
    std::uint32_t references_ = 0;
};

using AsCompletedPtr = IntrusivePtr<AsCompletedCore>;

template <class F>
Coro<std::optional<F>> next_completed(AsCompletedPtr core) {
    if (core->unclaimed == 0) co_return std::nullopt;
    --core->unclaimed;
    FuturePtr future = co_await AsCompletedCore::wait_for_one(std::move(core));
    if constexpr (std::is_base_of_v<AnyTask, F> || requires(F f) { f.task_core(); }) {
        co_return F(TaskPtr(static_cast<TaskCore*>(future.get())));
    } else {
        co_return F(std::move(future));
    }
}

template <class T>
Coro<T> result_of_next_completed(AsCompletedPtr core) {
    const FuturePtr future = co_await AsCompletedCore::wait_for_one(std::move(core));
    future->check_result();
    co_return take_or_copy<T>(*future);
}

}  // namespace detail

/// Iterator over awaitables in the order in which they are done. Made by `as_completed`; F is the kind of future.
///
/// Asynchronous form: `next()` gives the very futures that were passed in, done, and std::nullopt after the last one.
/// Plain form: `begin()` and `end()`, whose items are coroutines that give the result of the next one that is done, or
/// throw its exception.
template <class F>
class AsCompletedIterator {
public:
    /// Used by `as_completed`.
    explicit AsCompletedIterator(detail::AsCompletedPtr core) noexcept : core_(std::move(core)) {}

    /// The next future that is done. Throws TimeoutError when it was not done in time.
    /// Cancellation: CancelledError; the futures are left alone, but the item counts as handed out, as in Python: the
    /// iterator ends one item earlier.
    [[nodiscard("write co_await it.next()")]] Coro<std::optional<F>> next() { return detail::next_completed<F>(core_); }

    /// The input iterator of a range-for; its elements are coroutines. Does not wait itself.
    class Iterator {
    public:
        using iterator_concept = std::input_iterator_tag;
        using difference_type = std::ptrdiff_t;
        using value_type = Coro<typename F::value_type>;

        /// Used by `begin()`.
        explicit Iterator(detail::AsCompletedCore* core) noexcept : core_(core) { claim(); }
        /// A new coroutine: the first one that is awaited gets what is done first, whatever their order.
        value_type operator*() const {
            return detail::result_of_next_completed<typename F::value_type>(detail::AsCompletedPtr(core_));
        }
        /// To the next one that was not handed out.
        Iterator& operator++() noexcept {
            claim();
            return *this;
        }
        /// The same.
        void operator++(int) noexcept { ++*this; }
        /// Whether the range is over.
        friend bool operator==(const Iterator& iterator, std::default_sentinel_t) noexcept {
            return !iterator.claimed_;
        }

    private:
        /// As Python's __next__(): before the item is given out, so that both forms can be mixed.
        void claim() noexcept {
            claimed_ = core_->unclaimed > 0;
            if (claimed_) --core_->unclaimed;
        }

        detail::AsCompletedCore* core_;
        bool claimed_ = false;
    };

    /// The first that was not handed out. The iterators must not outlive this object.
    [[nodiscard]] Iterator begin() const noexcept
        requires requires { typename F::value_type; }
    {
        return Iterator(core_.get());
    }
    /// The end of the range.
    [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

private:
    detail::AsCompletedPtr core_;
};

/// Runs the awaitables of a range concurrently, and gives them, or their results, in the order in which they are done.
/// Children are started by the call. What was done before comes first, in the order of the range; a future that is in
/// the range twice comes once.
///
///     auto it = asyncio::as_completed(tasks);                    // the tasks themselves (3.13)
///     while (auto task = co_await it.next()) use(task->result());
///
///     for (auto next : asyncio::as_completed(std::move(coros), {.timeout = 1s})) use(co_await next);  // their results
///
/// After the timeout each item that was not served throws TimeoutError. Leaving early, the timeout and the cancellation
/// of whoever waits for an item leave the children alone.
/// Throws std::invalid_argument for futures of different loops, RuntimeError when no loop runs.
/// Mirrors asyncio.as_completed.
template <detail::EnsurableRange R>
[[nodiscard]] auto as_completed(R&& awaitables, AsCompletedOptions options = {}) {
    detail::require_safe_range<R>();
    detail::LoopCore* loop = &detail::require_running_loop();
    auto futures = detail::ensure_all(loop, std::forward<R>(awaitables));
    detail::AsCompletedPtr core(new detail::AsCompletedCore(*loop, futures.size()));
    for (const auto& future : futures) core->add(future.core());
    core->start(options);
    return AsCompletedIterator<typename decltype(futures)::value_type>(std::move(core));
}

namespace detail {
struct AsCompletedTakesARangeOfCoroutinesFuturesOrTasks;
struct AsCompletedTakesARangeAndNoListInBraces;
}  // namespace detail
ASYNCIO_REFUSE_BECAUSE(
    "asyncio::as_completed takes a range of coroutines, futures or tasks: write "
    "std::vector tasks{a, b}; and asyncio::as_completed(tasks)",
    detail::AsCompletedTakesARangeOfCoroutinesFuturesOrTasks as_completed(detail::Anything, AsCompletedOptions = {}))
template <class A, std::size_t n>
ASYNCIO_REFUSE_BECAUSE(
    "asyncio::as_completed takes a range, not a list in braces: write "
    "std::vector tasks{a, b}; and asyncio::as_completed(tasks)",
    detail::AsCompletedTakesARangeAndNoListInBraces as_completed(A (&&)[n], AsCompletedOptions = {}))
template <class... More>
ASYNCIO_REFUSE_BECAUSE(
    "asyncio::as_completed takes a range of coroutines, futures or tasks: write "
    "std::vector tasks{a, b}; and asyncio::as_completed(tasks)",
    detail::AsCompletedTakesARangeOfCoroutinesFuturesOrTasks as_completed(detail::Anything, detail::Anything,
                                                                          More&&...))

}  // namespace asyncio
