#pragma once

#include <asyncio/base/owner.hpp>
#include <asyncio/task/ensure_future.hpp>
#include <asyncio/task/result.hpp>
#include <asyncio/task/task_core.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <span>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace asyncio {

namespace detail {

/// The state of the future that gather returns; the untyped part.
///
/// A pending child refers to the gathering and counts as one reference to it, so that a gathering nobody holds still
/// runs to its end. The gathering owns a child only once it is done: a future that nobody else holds dies pending, and
/// neither keeps the other alive for ever.
///
///     waiting ──child is done──► queued ──one iteration later──► counted
///        └─child dies pending──► lost ──cancel()──► queued
class GatherCore : public FutureCore {
public:
    struct Child : DoneNode, ReadyNode {
        enum class State : std::uint8_t { waiting, queued, counted, lost };
        Child() noexcept : DoneNode(&on_done), ReadyNode(&on_turn) {}

        GatherCore* gathering = nullptr;
        FutureCore* waiting_for = nullptr;  // while waiting
        FuturePtr done;  // when queued by a future that is done; counted: until the results are taken
        State state = State::queued;
    };

    /// Asks every child that is not done. Not done at once: true when a child accepted, and then the gathering ends
    /// with CancelledError.
    bool cancel(std::string_view message) noexcept final { return cancel_for(nullptr, message); }
    /// The same for a task that awaits it (nullptr: for nobody) and hears of it when none accepted. Gatherings in
    /// gatherings, also with tasks in between, are asked without recursion; a ring of them is opened.
    bool cancel_for(TaskCore* asking, std::string_view message) noexcept;
    [[nodiscard]] GatherCore* gathering() noexcept final { return this; }

protected:
    GatherCore(LoopCore& loop, bool return_exceptions) noexcept
        : FutureCore(loop),
          return_exceptions_(return_exceptions) {}

    /// Enters `size` children, which are members of the derived class, and takes over their futures. Call when the
    /// gathering is referenced. No spans: a user's file pays for each type of those.
    void start(Child* first, FuturePtr* futures, std::size_t size);
    /// All children are done: puts the result into the slot.
    virtual void collect() = 0;

private:
    friend DoneNodeNames;
    static void on_done(DoneNode& node, Turn turn) noexcept;
    static void on_turn(ReadyNode& node, Turn turn);
    static AwaitEdge edge_;
    static void give_up(DoneNode& node, Turn turn) noexcept;
    void begin_cancel(GatherCore* outer, TaskCore* asking) noexcept;
    [[nodiscard]] GatherCore* cancel_child(Child& child, std::string_view message) noexcept;
    [[nodiscard]] GatherCore* cancel_inner(GatherCore& inner, TaskCore* asking, std::string_view message) noexcept;
    [[nodiscard]] bool end_cancel(std::string_view message) noexcept;
    [[nodiscard]] bool cancel_lost(Child& child) noexcept;
    void count(Child& child);
    void finish();
    void release_children() noexcept;

    [[nodiscard]] inline std::span<Child> children() const noexcept;  // in gather.cpp

    Child* children_ = nullptr;
    std::size_t size_ = 0;
    std::size_t counted_ = 0;
    std::exception_ptr cancel_error_;  // set when a cancellation was accepted
    // While it asks its children to cancel:
    GatherCore* cancel_outer_ = nullptr;  // has asked this one
    TaskCore* cancel_asking_ = nullptr;   // awaits this one, and has passed on what it was asked
    std::size_t cancel_next_ = 0;         // child
    bool return_exceptions_;
    bool cancelling_ = false;
    bool cancel_accepted_ = false;  // by one of the children
};

/// What a T becomes in the result: as it is, or with the exceptions beside it.
template <bool exceptions, class T>
auto gathered(FutureCore& future) {
    if constexpr (exceptions) {
        return take_outcome<T>(future);
    } else {
        return take_storable<T>(future);
    }
}
template <bool exceptions, class T>
using Gathered = decltype(gathered<exceptions, T>(std::declval<FutureCore&>()));

template <bool exceptions, class... Ts>
class GatherTuple final : public GatherCore {
public:
    using Value = std::tuple<Gathered<exceptions, Ts>...>;
    explicit GatherTuple(LoopCore& loop) noexcept : GatherCore(loop, exceptions) { place_slot(slot_); }
    ~GatherTuple() override { report_if_unretrieved(); }
    void start(FuturePtr* futures) { GatherCore::start(children_.data(), futures, sizeof...(Ts)); }

private:
    void collect() override { collect(std::index_sequence_for<Ts...>()); }
    template <std::size_t... indices>
    void collect(std::index_sequence<indices...>) {
        slot_.emplace(gathered<exceptions, Ts>(*children_[indices].done)...);
    }

    Slot<Value> slot_;
    std::array<Child, sizeof...(Ts)> children_;
};

template <bool exceptions, class T>
class GatherVector final : public GatherCore {
public:
    using Value = std::vector<Gathered<exceptions, T>>;
    GatherVector(LoopCore& loop, std::size_t size)
        : GatherCore(loop, exceptions),
          size_(size),
          children_(new Child[size]()) {
        place_slot(slot_);
    }
    ~GatherVector() override { report_if_unretrieved(); }
    void start(FuturePtr* futures) { GatherCore::start(children_.get(), futures, size_); }

private:
    void collect() override {
        Value values;
        values.reserve(size_);
        for (std::size_t i = 0; i < size_; ++i) values.push_back(gathered<exceptions, T>(*children_[i].done));
        slot_.emplace(std::move(values));
    }

    Slot<Value> slot_;
    std::size_t size_;
    Owner<Child[]> children_;
};

template <bool exceptions, class... As>
auto gather_arguments(As&&... awaitables) {
    using State = GatherTuple<exceptions, EnsuredResult<As>...>;
    LoopCore* loop = nullptr;
    // A braced list is evaluated from left to right: children start in the order of the arguments.
    std::array<FuturePtr, sizeof...(As)> futures{FuturePtr(&ensure(loop, std::forward<As>(awaitables)).core())...};
    if (loop == nullptr) loop = &default_loop();
    const IntrusivePtr<State> state(new State(*loop));
    state->start(futures.data());
    return Future<typename State::Value>(FuturePtr(state.get()));
}

template <bool exceptions, EnsurableRange R>
auto gather_range(R&& range) {
    using State = GatherVector<exceptions, EnsuredResult<GivenElement<R>>>;
    LoopCore* loop = nullptr;
    std::vector<FuturePtr> futures;
    for (const auto& future : ensure_all(loop, std::forward<R>(range))) futures.emplace_back(&future.core());
    if (loop == nullptr) loop = &default_loop();
    const IntrusivePtr<State> state(new State(*loop, futures.size()));
    state->start(futures.data());
    return Future<typename State::Value>(FuturePtr(state.get()));
}

/// Awaitables that have a result type, which AnyFuture and AnyTask have not.
template <class A>
concept Gatherable = Ensurable<A> && requires { typename EnsuredResult<A>; };
template <class R>
concept GatherableRange = EnsurableRange<R> && Gatherable<GivenElement<R>>;

template <class Tuple, class Indices>
inline constexpr bool all_gatherable = false;
template <class Tuple, std::size_t... indices>
inline constexpr bool all_gatherable<Tuple, std::index_sequence<indices...>> =
    (... && Gatherable<std::tuple_element_t<indices, Tuple>>);

/// Awaitables, then the tag.
template <class... Args>
concept TaggedGatherables =
    sizeof...(Args) > 1 &&
    std::same_as<std::remove_cvref_t<std::tuple_element_t<sizeof...(Args) - 1, std::tuple<Args...>>>,
                 ReturnExceptions>&& all_gatherable<std::tuple<Args...>, std::make_index_sequence<sizeof...(Args) - 1>>;

}  // namespace detail

/// Runs awaitables concurrently: coroutines, callables that return one (which their task then owns), futures and tasks,
/// in any mixture. The children are started by the call, in the order of the arguments, and the results have that
/// order, too. Returns a Future of a std::tuple, where `void` becomes std::monostate and a reference a
/// std::reference_wrapper.
///
///     auto [a, b] = co_await asyncio::gather(fetch("a"), fetch("b"));
///
/// The first exception fails the gathering at once; the other children go on, and nobody hears of their exceptions.
/// With the tag asyncio::return_exceptions as the last argument the elements are `Result<T>` and no child makes it
/// fail. Results are copied when somebody else holds the future too, and moved otherwise.
///
/// Throws std::invalid_argument for futures of different loops; RuntimeError when a task is to be made and there is
/// no loop, neither a running nor a current one. Cancellation: of the awaiting task or of the returned future: every
/// child that is not done is cancelled; awaiting it throws CancelledError when the first child has ended (with
/// return_exceptions: when all have). A child that is cancelled by others counts as one that failed with
/// CancelledError. Lambdas inside a co_await expression: as create_task. Mirrors asyncio.gather.
template <class... Args>
    requires(... && detail::Gatherable<Args>)
[[nodiscard]] decltype(auto) gather(Args&&... awaitables) {
    return detail::made_of<detail::safe_ensured<Args...>>(
        detail::gather_arguments<false>(std::forward<Args>(awaitables)...));
}

/// The same for a range; returns a Future of a std::vector.
template <detail::GatherableRange R>
[[nodiscard]] auto gather(R&& awaitables) {
    detail::require_safe_range<R>();
    return detail::gather_range<false>(std::forward<R>(awaitables));
}

/// The same with `asyncio::return_exceptions` at the end: the elements are `Result<T>`.
template <class... Args>
    requires detail::TaggedGatherables<Args&&...>
[[nodiscard]] decltype(auto) gather(Args&&... arguments) {
    auto gathered = [all = std::forward_as_tuple(std::forward<Args>(arguments)...)]<std::size_t... indices>(
                        std::index_sequence<indices...>) {
        return detail::gather_arguments<true>(
            std::forward<std::tuple_element_t<indices, std::tuple<Args&&...>>>(std::get<indices>(all))...);
    }(std::make_index_sequence<sizeof...(Args) - 1>());
    return detail::made_of<detail::safe_ensured<Args...>>(std::move(gathered));
}

/// The same for a range.
template <detail::GatherableRange R>
[[nodiscard]] auto gather(R&& awaitables, ReturnExceptions) {
    detail::require_safe_range<R>();
    return detail::gather_range<true>(std::forward<R>(awaitables));
}

namespace detail {

/// `{.return_exceptions = true}` as the last argument of gather.
struct GatherKeywords {
    bool return_exceptions = false;
};

template <class... Args>
Future<void> refuse_gather_keywords() {
    static_assert(sizeof...(Args) == 0,
                  "asyncio::gather takes the tag asyncio::return_exceptions instead of {.return_exceptions = true}: "
                  "write gather(a, b, asyncio::return_exceptions)");
    return Future<void>(FuturePtr());
}

}  // namespace detail

/// The mistake of arguments that nobody can await; does not compile.
template <class... Args>
auto gather(Args&&...) {
    static_assert((... && detail::Gatherable<Args>),
                  "asyncio::gather takes coroutines, callables that return one, futures and tasks, or a range of them; "
                  "what AnyFuture and AnyTask give is not known: wait for those");
    return Future<void>(detail::FuturePtr());
}

/// The mistake of a keyword argument; does not compile. Only a few, since braces cannot follow a parameter pack.
template <class A>
auto gather(A&&, detail::GatherKeywords) {
    return detail::refuse_gather_keywords<A>();
}
/// The same with two.
template <class A, class B>
auto gather(A&&, B&&, detail::GatherKeywords) {
    return detail::refuse_gather_keywords<A, B>();
}
/// The same with three.
template <class A, class B, class C>
auto gather(A&&, B&&, C&&, detail::GatherKeywords) {
    return detail::refuse_gather_keywords<A, B, C>();
}
/// The same with four.
template <class A, class B, class C, class D>
auto gather(A&&, B&&, C&&, D&&, detail::GatherKeywords) {
    return detail::refuse_gather_keywords<A, B, C, D>();
}

}  // namespace asyncio
