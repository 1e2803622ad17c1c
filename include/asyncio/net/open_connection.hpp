#pragma once

#include <asyncio/base/light_traits.hpp>
#include <asyncio/net/stream_reader.hpp>
#include <asyncio/net/stream_writer.hpp>
#include <asyncio/task/coro.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace asyncio {

/// The two ends of a connection that open_connection gives: `auto [reader, writer] = co_await open_connection(…);`
using StreamPair = std::pair<StreamReader, StreamWriter>;

/// Keyword arguments of open_connection.
struct ConnectionOptions {
    std::size_t limit = 65536;      ///< of readline and readuntil, in bytes
    int family = 0;                 ///< an AF_… value; 0: any
    std::string_view local_host{};  ///< the numeric address to connect from; empty: the system chooses
    std::uint16_t local_port = 0;   ///< to connect from; 0: the system chooses
    bool all_errors = false;        ///< always throw an ExceptionGroup of every attempt's error. Since 3.12
};
static_assert(detail::trivially_destructible<ConnectionOptions>);

/// Connects to a TCP server. The host's addresses are tried in the resolver's order; the first that answers wins.
///
/// Throws gaierror when the name is not known; the system's error when every attempt failed alike (such as
/// ConnectionRefusedError), or one that names them all; std::invalid_argument for a limit of 0.
/// Cancellation: at every stage; the socket is closed.
/// Mirrors asyncio.open_connection.
[[nodiscard]] Coro<StreamPair> open_connection(std::string_view host, std::uint16_t port,
                                               ConnectionOptions options = {});

namespace detail {

/// A connected socket made into a pair of streams, with TCP_NODELAY set.
[[nodiscard]] StreamPair make_streams(LoopCore& loop, DescriptorPtr socket, std::size_t limit);

}  // namespace detail
}  // namespace asyncio
