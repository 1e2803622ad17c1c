#pragma once

#include <asyncio/base/frame_pool.hpp>
#include <asyncio/task/await_edge.hpp>
#include <asyncio/task/future_core.hpp>

namespace asyncio::detail {

/// An edge of the call graph that was made by hand: an entry in the lists of both ends, gone as soon as one of them is
/// done or dies. Nobody waits because of it.
class ManualEdge : public Pooled {
public:
    /// Owned by the two lists.
    ManualEdge(FutureCore& future, FutureCore& waiter) noexcept;

    static ManualEdge* find(FutureCore& future, const FutureCore& waiter) noexcept;
    /// Whether the entry, of some future's list, is one of an edge.
    static bool owns(const DoneNode& node) noexcept;

private:
    struct Entry : DoneNode {
        Entry(Fire function, ManualEdge& owner) noexcept : DoneNode(function), edge(owner) {}
        static void future_done(DoneNode& node, Turn turn) noexcept;
        static void waiter_done(DoneNode& node, Turn turn) noexcept;
        ManualEdge& edge;
    };

    static AwaitEdge edge_;

    Entry at_future_{&Entry::future_done, *this};
    Entry at_waiter_{&Entry::waiter_done, *this};
    FutureCore* waiter_;
};

}  // namespace asyncio::detail
