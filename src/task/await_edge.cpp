#include <asyncio/task/await_edge.hpp>

#include <cstddef>
#include <cstring>

namespace asyncio::detail {

constinit const AwaitEdge* await_edges = nullptr;

AwaitEdge::AwaitEdge(DoneNode::Fire function, std::size_t steps_, std::size_t first_offset, std::size_t second_offset,
                     std::size_t adjustment, bool between) noexcept
    : fire(function),
      next(await_edges),
      steps(static_cast<std::int32_t>(steps_)),
      path{static_cast<std::int32_t>(first_offset), static_cast<std::int32_t>(second_offset)},
      adjust(static_cast<std::int32_t>(adjustment)),
      go_between(between) {
    await_edges = this;
}

FutureCore* awaiter_of(const DoneNode& node, const AwaitEdge*& edge) noexcept {
    for (edge = await_edges; edge != nullptr && edge->fire != node.fire; edge = edge->next) {
    }
    if (edge == nullptr) return nullptr;
    const auto* at = reinterpret_cast<const std::byte*>(&node);
    for (std::int32_t i = 0; i < edge->steps; ++i) {
        std::memcpy(&at, at + edge->path[i], sizeof at);
        if (at == nullptr) return nullptr;
    }
    return reinterpret_cast<FutureCore*>(const_cast<std::byte*>(at + edge->adjust));
}

}  // namespace asyncio::detail
