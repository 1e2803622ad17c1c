#pragma once

#include <asyncio/base/light_traits.hpp>
#include <asyncio/base/standard/memory.hpp>
#include <asyncio/task/any_future.hpp>
#include <asyncio/task/call_frame.hpp>
#include <asyncio/task/promise.hpp>

#include <coroutine>
#include <cstddef>
#include <cstdio>
#include <optional>
#include <source_location>
#include <string>
#include <utility>
#include <vector>

namespace asyncio {

class FutureCallGraph;

namespace detail {

/// All futures of one graph, each once; they refer to each other by index, so that cycles and long chains are nothing
/// special.
struct CallGraphNodes;

}  // namespace detail

/// Keyword arguments of `capture_call_graph`.
struct CallGraphOptions {
    /// How many frames to leave out at the inner end of the current task's stack, plus one: 2 hides the caller.
    int depth = 1;
    /// Of each stack: positive keeps that many of the outermost frames, negative of the innermost, 0 none.
    std::optional<int> limit{};
};
static_assert(detail::trivially_destructible<CallGraphOptions>);

/// A future or task, its asynchronous stack, and who awaits it. Immutable; copies share what they hold, and keep the
/// futures alive. Futures may await each other in a ring: then `awaited_by` leads round for ever.
/// Thread safety: the thread of the futures' loop only. Mirrors asyncio.FutureCallGraph (since 3.14).
class FutureCallGraph {
public:
    /// Whose stack it is.
    [[nodiscard]] const AnyFuture& future() const noexcept;
    /// The frames, the innermost first. Empty for a future that is no task.
    [[nodiscard]] const std::vector<FrameCallGraphEntry>& call_stack() const noexcept;
    /// The tasks and futures that wait for it, in the order of their coming.
    [[nodiscard]] std::vector<FutureCallGraph> awaited_by() const;

    /// Used by the library.
    FutureCallGraph(std::shared_ptr<const detail::CallGraphNodes> nodes, std::size_t index) noexcept;
    /// Used by the library.
    [[nodiscard]] const detail::CallGraphNodes& nodes() const noexcept { return *nodes_; }
    /// Used by the library.
    [[nodiscard]] std::size_t index() const noexcept { return index_; }

private:
    std::shared_ptr<const detail::CallGraphNodes> nodes_;
    std::size_t index_;
};

/// The graph of a future or task: its asynchronous stack and, transitively, who awaits it, through await, gather,
/// TaskGroup, shield and wait. Complexity: linear in the size of the graph. Costs nothing while nobody asks.
///
/// Of the task that runs right now only the innermost and the outermost frame are known; see capture_call_graph_here.
/// Thread safety: the thread of the future's loop. Mirrors asyncio.capture_call_graph (since 3.14).
[[nodiscard]] FutureCallGraph capture_call_graph(const AnyFuture& future, CallGraphOptions options = {},
                                                 std::source_location place = std::source_location::current());
/// The same for the current task; none when there is none. Throws RuntimeError when no loop runs in this thread.
[[nodiscard]] std::optional<FutureCallGraph> capture_call_graph(
    CallGraphOptions options = {}, std::source_location place = std::source_location::current());

namespace detail {

/// Looks at the coroutine that awaits it and goes on at once.
class CallGraphAwaiter {
public:
    using asyncio_awaiter = void;

    explicit CallGraphAwaiter(const CallGraphOptions& options) noexcept : options_(options) {}

    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <class P>
    [[nodiscard]] bool await_suspend(std::coroutine_handle<P> handle) noexcept {
        innermost_ = &handle.promise();
        return false;
    }
    [[nodiscard]] FutureCallGraph await_resume() const;

private:
    const PromiseBase* innermost_ = nullptr;
    CallGraphOptions options_;
};

}  // namespace detail

/// The graph of the current task with its whole stack, which only an await can see. Does not suspend.
///
///     const auto graph = co_await asyncio::capture_call_graph_here();
///     asyncio::print_call_graph(graph);
///
/// Throws RuntimeError outside of a task.
[[nodiscard("write co_await asyncio::capture_call_graph_here()")]] inline detail::CallGraphAwaiter
capture_call_graph_here(CallGraphOptions options = {}) noexcept {
    return detail::CallGraphAwaiter(options);
}

/// The graph as text, the innermost frame first:
///
///     * Task(name='Task-2', id=0x…)
///       + Call stack:
///       |   File 'a.cpp', line 4, in async test()
///       + Awaited by:
///         * Task(name='Task-1', id=0x…)
///
/// A future that leads back to itself is not entered again but marked "(cycle)"; below the thousandth level stands "…".
/// Mirrors asyncio.format_call_graph (since 3.14).
[[nodiscard]] std::string format_call_graph(const FutureCallGraph& graph);
/// The same for a future, whose graph is made now; see capture_call_graph.
[[nodiscard]] std::string format_call_graph(const AnyFuture& future, CallGraphOptions options = {},
                                            std::source_location place = std::source_location::current());
/// The same for the current task; "" when there is none. Throws RuntimeError when no loop runs in this thread.
[[nodiscard]] std::string format_call_graph(CallGraphOptions options = {},
                                            std::source_location place = std::source_location::current());

/// Writes that text and a line end to `file`, by default to stdout; nothing when there is no task. Mirrors
/// asyncio.print_call_graph (since 3.14).
void print_call_graph(const FutureCallGraph& graph, std::FILE* file = nullptr);
/// The same for a future.
void print_call_graph(const AnyFuture& future, std::FILE* file = nullptr, CallGraphOptions options = {},
                      std::source_location place = std::source_location::current());
/// The same for the current task. Throws RuntimeError when no loop runs in this thread.
void print_call_graph(std::FILE* file = nullptr, CallGraphOptions options = {},
                      std::source_location place = std::source_location::current());

/// Says that `waiter` waits for `future`, for what waits in ways of its own: so that it is seen in call graphs. No
/// effect when it was said before, or when one of them is done. The statement ends with either of them, or is taken
/// back. Throws std::bad_alloc. Thread safety: the loop's thread. Mirrors asyncio.future_add_to_awaited_by
/// (since 3.14).
void future_add_to_awaited_by(const AnyFuture& future, const AnyFuture& waiter);
/// Takes that back; no effect when it was not said. Mirrors asyncio.future_discard_from_awaited_by (since 3.14).
void future_discard_from_awaited_by(const AnyFuture& future, const AnyFuture& waiter);

}  // namespace asyncio
