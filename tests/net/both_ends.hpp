#pragma once

#include <asyncio/asyncio.hpp>

#include <chrono>
#include <cstddef>
#include <utility>

namespace support {

/// Both ends of one connection: `near` as open_connection gives it, `far` as a server's callback does.
struct BothEnds {
    asyncio::StreamPair near;
    asyncio::StreamPair far;
};

inline asyncio::Coro<BothEnds> both_ends(std::size_t limit = 65536) {
    auto accepted = asyncio::get_running_loop().create_future<asyncio::StreamPair>();
    // By reference: a copy of the future would own the writer, which keeps the connection, which keeps the server and
    // its callback.
    const auto take = [&accepted](asyncio::StreamReader reader, asyncio::StreamWriter writer) {
        accepted.set_result(asyncio::StreamPair(std::move(reader), std::move(writer)));
    };
    auto server = co_await asyncio::start_server(take, "127.0.0.1", 0);
    auto near = co_await asyncio::open_connection("127.0.0.1", server.port(), {.limit = limit});
    auto far = co_await accepted;
    server.close();
    co_return BothEnds{near, far};
}

/// A few milliseconds in which other tasks and the loopback device get on.
inline asyncio::Coro<> breathe() {
    for (int i = 0; i < 3; ++i) co_await asyncio::sleep(std::chrono::milliseconds(1));
}

/// Closes so that the peer gets ECONNRESET: bytes that were sent to this end and never read do that on both drivers.
inline asyncio::Coro<> reset(asyncio::StreamWriter& peer, asyncio::StreamWriter& closing) {
    peer.write("never read");
    co_await breathe();
    closing.abort();
    co_await breathe();
}

}  // namespace support
