#include <asyncio/testing/memory_streams.hpp>

#include <asyncio/loop/loop_core.hpp>
#include <asyncio/testing/memory_sockets.hpp>

#include <stdexcept>

namespace asyncio::testing {

std::pair<StreamPair, StreamPair> memory_stream_pair(std::size_t limit) {
    if (limit == 0) throw std::invalid_argument("Limit cannot be <= 0");
    auto [first, second] = memory_socket_pair();
    detail::LoopCore& loop = detail::require_running_loop();
    StreamPair one = detail::make_streams(loop, std::move(first), limit);
    StreamPair other = detail::make_streams(loop, std::move(second), limit);
    return {std::move(one), std::move(other)};
}

}  // namespace asyncio::testing
