#pragma once

#include <asyncio/task/future_core.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

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

/// Calls `visit(awaiter, node, edge, direct)` for each entry of somebody who waits for `future`; where it returns true,
/// also for those who wait for that one, and so on: they do not wait directly.
template <class Visit>
void visit_awaiters(FutureCore& future, Visit visit) {
    std::vector<FutureCore*> through{&future};
    for (std::size_t i = 0; i < through.size(); ++i) {
        const auto& nodes = through[i]->waiters();
        for (const DoneNode* node = nodes.front(); node != nullptr; node = nodes.next(*node)) {
            const AwaitEdge* edge = nullptr;
            FutureCore* const awaiter = awaiter_of(*node, edge);
            if (awaiter == nullptr || awaiter->done()) continue;
            if (visit(*awaiter, *node, *edge, i == 0)) through.push_back(awaiter);
        }
    }
}

/// Whether the parent of the task in whose list the entry of a TaskGroup stands waits for the group's end at present;
/// true for all other entries.
[[nodiscard]] bool parent_waits(const DoneNode& node) noexcept;

/// A task that may have ended meanwhile: to be compared with those that exist, not to be looked at.
struct TaskMark {
    const TaskCore* task = nullptr;
    std::uint32_t serial = 0;
};

/// What stands against the end of a wait, as far as tasks can do something about it.
struct Blockers {
    std::string what;               ///< "Lock at 0x…", when `holders` are named
    std::vector<TaskMark> holders;  ///< who has it; what is no task any more is somebody unknown
    bool in_line = false;           ///< they do not have it, but come first
    /// Not 0: one of so many, of holders or of who is awaited directly, is enough. 0: all of them are needed.
    std::size_t one_of = 0;
    bool over = false;  ///< the wait has ended, and its task is about to go on
};

}  // namespace asyncio::detail
