#pragma once

#include <asyncio/asyncio.hpp>

#include <cstddef>
#include <filesystem>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

namespace support {

/// Both sides of one connection, as the library's own functions make them.
struct StreamPair {
    asyncio::StreamReader reader;
    asyncio::StreamWriter writer;
    asyncio::StreamReader peer_reader;
    asyncio::StreamWriter peer_writer;
};

/// Connects a client (`reader`, `writer`) to a server of its own, which is closed again at once. The limit is the
/// client's.
inline asyncio::Coro<StreamPair> connect_pair(std::size_t limit = 65536) {
    auto accepted = asyncio::get_running_loop().create_future<asyncio::StreamPair>();
    const auto on_client = [&accepted](asyncio::StreamReader reader, asyncio::StreamWriter writer) {
        accepted.set_result(asyncio::StreamPair(std::move(reader), std::move(writer)));
    };
    auto server = co_await asyncio::start_server(on_client, "127.0.0.1", 0);
    auto [reader, writer] = co_await asyncio::open_connection("127.0.0.1", server.port(), {.limit = limit});
    auto peer = co_await accepted;
    server.close();
    co_return StreamPair{reader, writer, peer.first, peer.second};
}

/// Gives other tasks, and what travels between sockets, the time to get on.
inline asyncio::Coro<> settle() {
    for (int i = 0; i < 5; ++i) co_await asyncio::sleep(std::chrono::milliseconds(1));
}

/// Waits for the end of a task, however it ends.
template <class T>
asyncio::Coro<> ended(asyncio::Task<T> task) {
    const std::vector<asyncio::Task<T>> one(1, task);
    co_await asyncio::wait(one);
}

/// How many descriptors this process has open.
inline std::ptrdiff_t open_descriptors() {
    const std::filesystem::directory_iterator entries("/proc/self/fd");
    return std::distance(begin(entries), end(entries));
}

}  // namespace support
