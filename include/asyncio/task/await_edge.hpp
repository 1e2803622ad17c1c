#pragma once

#include <asyncio/task/future_core.hpp>

#include <cstddef>
#include <cstdint>

namespace asyncio::detail {

class TaskCore;

/// Says how to find who waits behind one kind of entry in a future's list: `fire` tells the kind. Nothing is kept for
/// it while programs run; the graph of who awaits whom is read off the lists when somebody asks. Plain data, so that
/// another process can follow it, too: see DebugLayout.
///
/// Each kind is a static object, made where the entry is: `AwaitEdge GatherCore::edge_{…}`.
struct AwaitEdge {
    /// From the node, `path` holds the offsets of the pointers to follow, `steps` of them; `adjust` is added at the
    /// end. There is the FutureCore that waits, or null. (Offsets wrap round: they may be negative.)
    AwaitEdge(DoneNode::Fire function, std::size_t steps_, std::size_t first_offset, std::size_t second_offset,
              std::size_t adjustment, bool between) noexcept;
    AwaitEdge(const AwaitEdge&) = delete;
    AwaitEdge& operator=(const AwaitEdge&) = delete;

    DoneNode::Fire fire;
    const AwaitEdge* next;
    std::int32_t steps;
    std::int32_t path[2];
    std::int32_t adjust;
    bool go_between;  // whoever awaits that future is meant: those of gather and shield
};

/// Which future or task waits with this entry; `edge` is set. Null when nobody does: a callback, say.
[[nodiscard]] FutureCore* awaiter_of(const DoneNode& node, const AwaitEdge*& edge) noexcept;

/// The first of all kinds; they are linked by `next`.
extern constinit const AwaitEdge* await_edges;

/// Whether the parent of the task in whose list the entry of a TaskGroup stands waits for the group's end at present;
/// true for all other entries.
[[nodiscard]] bool parent_waits(const DoneNode& node) noexcept;

/// A task that may have ended meanwhile: to be compared with those that exist, not to be looked at.
struct TaskMark {
    const TaskCore* task = nullptr;
    std::uint32_t serial = 0;
};

}  // namespace asyncio::detail
