#include <asyncio/task/call_graph.hpp>

#include "manual_edge.hpp"
#include "visit_awaiters.hpp"

#include <asyncio/base/exceptions.hpp>
#include <asyncio/loop/loop_core.hpp>
#include <asyncio/task/await_edge.hpp>
#include <asyncio/task/task_core.hpp>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

namespace asyncio {

namespace detail {

struct CallGraphNode {
    AnyFuture future;
    std::vector<FrameCallGraphEntry> call_stack;
    std::vector<std::size_t> awaited_by;
};

struct CallGraphNodes {
    std::vector<CallGraphNode> all;
};

namespace {

using Frames = std::vector<FrameCallGraphEntry>;

TaskCore* as_task(FutureCore& future) noexcept {
    return future.is_task() ? static_cast<TaskCore*>(&future) : nullptr;
}

bool is_current_task(const FutureCore& future) noexcept {
    return running_loop != nullptr && static_cast<const FutureCore*>(running_loop->current_task) == &future;
}

/// Keeps the outermost frames, which stand last, or the innermost.
void apply_limit(Frames& frames, const std::optional<int>& limit) {
    if (!limit) return;
    const std::size_t kept = std::min(frames.size(), static_cast<std::size_t>(std::abs(static_cast<long>(*limit))));
    const auto surplus = static_cast<std::ptrdiff_t>(frames.size() - kept);
    if (*limit > 0) {
        frames.erase(frames.begin(), frames.begin() + surplus);
    } else {
        frames.erase(frames.end() - surplus, frames.end());
    }
}

void leave_out(Frames& frames, int depth) {
    const auto hidden = std::min(frames.size(), static_cast<std::size_t>(std::max(depth, 1) - 1));
    frames.erase(frames.begin(), frames.begin() + static_cast<std::ptrdiff_t>(hidden));
}

/// Who waits for `future`, each once. What gather and shield return is gone through: whoever awaits that is meant.
std::vector<FutureCore*> awaiters_of(FutureCore& future) {
    std::vector<FutureCore*> found;
    std::unordered_set<FutureCore*> seen;
    visit_awaiters(future, [&](FutureCore& awaiter, const DoneNode&, const AwaitEdge& edge, bool) {
        if (!seen.insert(&awaiter).second) return false;
        if (!edge.go_between) found.push_back(&awaiter);
        return edge.go_between;
    });
    return found;
}

FutureCallGraph capture(FutureCore& start, Frames frames, const CallGraphOptions& options) {
    const auto nodes = std::make_shared<CallGraphNodes>();
    std::unordered_map<FutureCore*, std::size_t> index_of{{&start, 0}};
    apply_limit(frames, options.limit);
    nodes->all.push_back({AnyFuture(FuturePtr(&start)), std::move(frames), {}});
    for (std::size_t i = 0; i < nodes->all.size(); ++i) {
        for (FutureCore* awaiter : awaiters_of(nodes->all[i].future.core())) {
            const auto [entry, is_new] = index_of.emplace(awaiter, nodes->all.size());
            nodes->all[i].awaited_by.push_back(entry->second);
            if (!is_new) continue;
            Frames stack;
            if (TaskCore* const task = as_task(*awaiter)) stack = frames_of(*task);
            apply_limit(stack, options.limit);
            nodes->all.push_back({AnyFuture(FuturePtr(awaiter)), std::move(stack), {}});
        }
    }
    return {nodes, 0};
}

/// Of a running task the place that asks and the outermost coroutine, which is the same one or has called it.
Frames frames_of_current(TaskCore& task, const std::source_location& place, int depth) {
    Frames frames{FrameCallGraphEntry(place)};
    for (const FrameCallGraphEntry& outermost : frames_of(task))
        if (outermost.function() != frames.front().function()) frames.push_back(outermost);
    leave_out(frames, depth);
    return frames;
}

}  // namespace

FutureCallGraph CallGraphAwaiter::await_resume() const {
    TaskCore& task = require_current_task();
    Frames frames = frames_from(task, innermost_);
    leave_out(frames, options_.depth);
    return capture(task, std::move(frames), options_);
}

}  // namespace detail

FutureCallGraph::FutureCallGraph(std::shared_ptr<const detail::CallGraphNodes> nodes, std::size_t index) noexcept
    : nodes_(std::move(nodes)),
      index_(index) {}

const AnyFuture& FutureCallGraph::future() const noexcept {
    return nodes_->all[index_].future;
}

const std::vector<FrameCallGraphEntry>& FutureCallGraph::call_stack() const noexcept {
    return nodes_->all[index_].call_stack;
}

std::vector<FutureCallGraph> FutureCallGraph::awaited_by() const {
    std::vector<FutureCallGraph> graphs;
    for (const std::size_t index : nodes_->all[index_].awaited_by) graphs.emplace_back(nodes_, index);
    return graphs;
}

FutureCallGraph capture_call_graph(const AnyFuture& future, CallGraphOptions options, std::source_location place) {
    detail::FutureCore& core = future.core();
    detail::Frames frames;
    if (detail::TaskCore* const task = detail::as_task(core))
        frames = detail::is_current_task(core) ? detail::frames_of_current(*task, place, options.depth)
                                               : detail::frames_of(*task);
    return detail::capture(core, std::move(frames), options);
}

std::optional<FutureCallGraph> capture_call_graph(CallGraphOptions options, std::source_location place) {
    detail::TaskCore* const task = detail::require_running_loop().current_task;
    if (task == nullptr) return std::nullopt;
    return detail::capture(*task, detail::frames_of_current(*task, place, options.depth), options);
}

void future_add_to_awaited_by(const AnyFuture& future, const AnyFuture& waiter) {
    if (future.done() || waiter.done() || detail::ManualEdge::find(future.core(), waiter.core()) != nullptr) return;
    static_cast<void>(new detail::ManualEdge(future.core(), waiter.core()));
}

void future_discard_from_awaited_by(const AnyFuture& future, const AnyFuture& waiter) {
    delete detail::ManualEdge::find(future.core(), waiter.core());
}

}  // namespace asyncio
