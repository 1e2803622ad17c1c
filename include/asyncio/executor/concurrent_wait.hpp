#pragma once

#include <asyncio/base/clock.hpp>
#include <asyncio/base/light_traits.hpp>
#include <asyncio/base/owner.hpp>
#include <asyncio/base/standard/ranges.hpp>
#include <asyncio/executor/concurrent_future.hpp>
#include <asyncio/task/wait.hpp>

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace asyncio {

namespace detail {

/// Collects concurrent futures as they become done, for a thread that blocks until some are.
class CompletionQueue {
public:
    CompletionQueue();
    CompletionQueue(const CompletionQueue&) = delete;
    CompletionQueue& operator=(const CompletionQueue&) = delete;
    ~CompletionQueue();

    /// False when the future was added before.
    bool add(ConcurrentCore& future);
    /// The next one that is done, in the order of completion; blocks. nullptr when the time is over, see deadline_of.
    [[nodiscard]] ConcurrentCore* pop(Clock::time_point deadline);
    [[nodiscard]] std::size_t size() const noexcept;

private:
    struct State;
    Owner<State> state_;
};

/// Blocks until the condition holds or the time is over.
void wait_concurrent(CompletionQueue& queue, const TimeLimit& timeout, ReturnWhen return_when);

}  // namespace detail

namespace futures {

/// What `futures::wait` gives: two groups, each in the order of the input and without duplicates.
template <class T>
struct DoneAndNotDone {
    std::vector<Future<T>> done;      ///< finished or cancelled
    std::vector<Future<T>> not_done;  ///< pending or running
};

/// Blocks this thread until the futures are done, as `return_when` says, or the time is over, which is no error. Tasks
/// use `asyncio::wait` with `wrap_future`.
/// Mirrors concurrent.futures.wait (since 3.2).
template <std::ranges::input_range R>
auto wait(R&& range, const WaitOptions& options = {}) {
    using T = typename std::ranges::range_value_t<R>::value_type;
    std::vector<Future<T>> all;
    detail::CompletionQueue queue;
    for (const Future<T>& future : range) {
        if (queue.add(future.core())) all.push_back(future);
    }
    detail::wait_concurrent(queue, options.timeout, options.return_when);
    DoneAndNotDone<T> result;
    for (Future<T>& future : all) (future.done() ? result.done : result.not_done).push_back(std::move(future));
    return result;
}

/// The futures in the order of their completion, those that are done already first: an input range, or one `next()`
/// after the other. Each is given once.
template <class T>
class AsCompleted {
public:
    /// Used by `as_completed`.
    AsCompleted(asyncio::detail::Owner<asyncio::detail::CompletionQueue> queue, const TimeLimit& timeout)
        : queue_(std::move(queue)),
          left_(queue_->size()),
          deadline_(asyncio::detail::deadline_of(timeout)) {}

    /// Blocks until the next future is done; nullopt after the last one. Throws TimeoutError when the time is over.
    std::optional<Future<T>> next() {
        if (left_ == 0) return std::nullopt;
        asyncio::detail::ConcurrentCore* core = queue_->pop(deadline_);
        if (core == nullptr) throw TimeoutError();
        --left_;
        return Future<T>(asyncio::detail::ConcurrentPtr(core));
    }

    /// The input iterator of a range-for. Reaching each element is one `next()`: it blocks and throws likewise.
    class Iterator {
    public:
        using value_type = Future<T>;
        using difference_type = std::ptrdiff_t;
        /// Gets the first one.
        explicit Iterator(AsCompleted& source) : source_(&source), current_(source.next()) {}
        /// The future that is done.
        const Future<T>& operator*() const { return *current_; }
        /// Gets the next one.
        Iterator& operator++() {
            current_ = source_->next();
            return *this;
        }
        /// The same.
        void operator++(int) { ++*this; }
        /// Whether the range is over.
        friend bool operator==(const Iterator& it, std::default_sentinel_t) noexcept { return !it.current_; }

    private:
        AsCompleted* source_;
        std::optional<Future<T>> current_;
    };
    /// Waits for the first one. A second call goes on where the first range stands.
    Iterator begin() { return Iterator(*this); }
    /// The end of the range.
    [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

private:
    asyncio::detail::Owner<asyncio::detail::CompletionQueue> queue_;
    std::size_t left_;
    Clock::time_point deadline_;
};

/// Keyword arguments of `futures::as_completed`.
struct AsCompletedOptions {
    /// For all futures together, from the call on. Default: without limit.
    TimeLimit timeout{};
};
static_assert(detail::trivially_destructible<AsCompletedOptions>);

/// See AsCompleted. Mirrors concurrent.futures.as_completed (since 3.2).
template <std::ranges::input_range R>
auto as_completed(R&& range, const AsCompletedOptions& options = {}) {
    using T = typename std::ranges::range_value_t<R>::value_type;
    auto queue = detail::make_owner<detail::CompletionQueue>();
    for (const Future<T>& future : range) queue->add(future.core());
    return AsCompleted<T>(std::move(queue), options.timeout);
}

}  // namespace futures
}  // namespace asyncio
