#pragma once

#include <asyncio/base/clock.hpp>
#include <asyncio/base/light_traits.hpp>
#include <asyncio/base/ring.hpp>
#include <asyncio/base/standard/memory.hpp>
#include <asyncio/base/standard/ranges.hpp>
#include <asyncio/executor/bound_call.hpp>
#include <asyncio/executor/concurrent_future.hpp>
#include <asyncio/task/result.hpp>

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <stdexcept>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace asyncio::futures {

/// Keyword arguments of `Executor::map`.
struct MapOptions {
    /// For all results together, from the call on. Default: without limit.
    TimeLimit timeout{};
    /// How many calls go to a process in one message; without effect on threads, as in Python.
    std::size_t chunksize = 1;
    /// How many jobs may be submitted and not yet asked for; the input is then read only as far. Default: all.
    /// Since 3.14.
    std::optional<std::size_t> buffersize{};
};
static_assert(detail::trivially_destructible<MapOptions>);

/// The results of `Executor::map`: an input range, or one `next()` after the other.
template <class T, class Source>
class MapResults {
public:
    /// Used by `Executor::map`.
    MapResults(Source source, const MapOptions& options)
        : source_(std::move(source)),
          deadline_(asyncio::detail::deadline_of(options.timeout)),
          buffersize_(options.buffersize) {
        if (buffersize_ == std::size_t{0}) throw std::invalid_argument("buffersize must be >= 1");
        fill();
    }
    MapResults(MapResults&&) noexcept = default;
    MapResults& operator=(MapResults&&) = delete;
    ~MapResults() { cancel(); }

    /// The next result; nullopt after the last one.
    std::optional<asyncio::detail::Storable<T>> next() {
        if (pending_.size() == 0) return std::nullopt;
        Future<T> future = pending_.take();
        try {
            fill();
            const auto error = future.exception({.timeout = time_left()});
            if (error) std::rethrow_exception(error);
        } catch (...) {
            future.cancel();
            cancel();
            throw;
        }
        if constexpr (std::is_void_v<T>) {
            return std::monostate{};
        } else {
            return std::optional<asyncio::detail::Storable<T>>(std::move(future).result());
        }
    }

    /// The input iterator of a range-for. Reaching each element is one `next()`: it blocks and throws likewise.
    class Iterator {
    public:
        using value_type = asyncio::detail::Storable<T>;
        using difference_type = std::ptrdiff_t;
        /// Gets the first result.
        explicit Iterator(MapResults& results) : results_(&results), current_(results.next()) {}
        /// The result, which may be moved from.
        value_type& operator*() const { return *current_; }
        /// Gets the next result.
        Iterator& operator++() {
            current_ = results_->next();
            return *this;
        }
        /// The same.
        void operator++(int) { ++*this; }
        /// Whether the range is over.
        friend bool operator==(const Iterator& it, std::default_sentinel_t) noexcept { return !it.current_; }

    private:
        MapResults* results_;
        mutable std::optional<value_type> current_;
    };
    /// Waits for the first result. A second call goes on where the first range stands.
    Iterator begin() { return Iterator(*this); }
    /// The end of the range.
    [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

private:
    void fill() {
        try {
            while (source_ && (!buffersize_ || pending_.size() < *buffersize_)) {
                auto future = source_->next();
                if (!future) {
                    source_.reset();
                    return;
                }
                pending_.push(std::move(*future));
            }
        } catch (...) {
            cancel();
            throw;
        }
    }
    void cancel() noexcept {
        source_.reset();
        for (std::size_t i = 0; i < pending_.size(); ++i) pending_.at(i).cancel();
        pending_.clear();
    }
    [[nodiscard]] TimeLimit time_left() const {
        if (deadline_ == Clock::time_point::max()) return std::nullopt;
        return deadline_ - Clock::now();
    }

    std::optional<Source> source_;  // none when the input has ended
    asyncio::detail::Ring<Future<T>> pending_;
    Clock::time_point deadline_;
    std::optional<std::size_t> buffersize_;
};

}  // namespace asyncio::futures

namespace asyncio::detail {

/// A range that belongs to somebody else.
template <class R>
struct BorrowedRange {
    R* range;
    [[nodiscard]] auto begin() const { return std::ranges::begin(*range); }
    [[nodiscard]] auto end() const { return std::ranges::end(*range); }
};

template <class R>
inline constexpr bool is_initializer_list = false;
template <class T>
inline constexpr bool is_initializer_list<std::initializer_list<T>> = true;

/// How a map keeps an input: views and what was given away it owns. Much as std::views::all, without <ranges>.
template <class R>
using KeptRange = std::conditional_t<std::is_lvalue_reference_v<R> && !std::ranges::view<std::remove_cvref_t<R>>,
                                     BorrowedRange<std::remove_reference_t<R>>, std::remove_cvref_t<R>>;

template <class R>
KeptRange<R> keep_range(R&& range) {
    static_assert(std::is_lvalue_reference_v<R> || !is_initializer_list<std::remove_cvref_t<R>>,
                  "the elements of a temporary std::initializer_list end before the map: give it a std::vector");
    if constexpr (std::is_same_v<KeptRange<R>, BorrowedRange<std::remove_reference_t<R>>>) {
        return {&range};
    } else {
        return std::forward<R>(range);
    }
}

/// Several ranges side by side, as long as every one has an element.
template <class... Views>
class Zipped {
public:
    explicit Zipped(Views... views) : views_(std::make_unique<std::tuple<Views...>>(std::move(views)...)) {
        std::apply([this](auto&... view) { at_.emplace(std::ranges::begin(view)...); }, *views_);
    }

    [[nodiscard]] bool at_end() const {
        return [this]<std::size_t... I>(std::index_sequence<I...>) {
            return ((std::get<I>(*at_) == std::ranges::end(std::get<I>(*views_))) || ...);
        }(std::index_sequence_for<Views...>());
    }
    /// Calls `use` with the elements and goes on to the next ones. Precondition: not at the end.
    template <class Use>
    auto take(Use&& use) {
        return std::apply(
            [&](auto&... at) {
                auto result = use(*at...);
                (static_cast<void>(++at), ...);
                return result;
            },
            *at_);
    }

private:
    std::unique_ptr<std::tuple<Views...>> views_;  // iterators may point into them
    std::optional<std::tuple<std::ranges::iterator_t<Views>...>> at_;
};

/// Submits one job after the other.
template <class E, class F, class... Views>
class MapSource {
public:
    using T = typename BoundCall<F, std::ranges::range_value_t<Views>...>::Result;

    MapSource(E& executor, F f, Views... views)
        : executor_(&executor),
          f_(std::move(f)),
          arguments_(std::move(views)...) {}

    std::optional<futures::Future<T>> next() {
        if (arguments_.at_end()) return std::nullopt;
        return arguments_.take([this](auto&&... arguments) {
            return executor_->submit(f_, std::forward<decltype(arguments)>(arguments)...);
        });
    }

private:
    E* executor_;
    F f_;
    Zipped<Views...> arguments_;
};

template <class E, class F, class... Rs>
auto make_map(E& executor, const futures::MapOptions& options, F f, Rs&&... ranges) {
    using Source = MapSource<E, F, KeptRange<Rs>...>;
    return futures::MapResults<typename Source::T, Source>(
        Source(executor, std::move(f), keep_range(std::forward<Rs>(ranges))...), options);
}

}  // namespace asyncio::detail
