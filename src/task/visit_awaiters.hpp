#pragma once

#include <asyncio/task/await_edge.hpp>

#include <cstddef>
#include <vector>

namespace asyncio::detail {

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

}  // namespace asyncio::detail
