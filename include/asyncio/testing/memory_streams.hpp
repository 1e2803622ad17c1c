#pragma once

#include <asyncio/net/open_connection.hpp>

#include <cstddef>
#include <utility>

namespace asyncio::testing {

/// The two ends of a connection in memory, each as open_connection gives it. The running loop must run on a
/// SimulatedDriver, as in run_virtual:
///
///     auto [client, server] = asyncio::testing::memory_stream_pair();
///     auto task = asyncio::create_task(serve(std::move(server.first), std::move(server.second)));
///     auto& [reader, writer] = client;
///
/// Code that calls open_connection and start_server needs no pair: under run_virtual these work in memory, too.
/// `limit` is that of readline and readuntil. Throws RuntimeError on any other loop; std::invalid_argument for limit 0.
[[nodiscard]] std::pair<StreamPair, StreamPair> memory_stream_pair(std::size_t limit = 65536);

}  // namespace asyncio::testing
