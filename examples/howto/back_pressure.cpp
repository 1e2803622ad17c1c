// A server that has much to say and a client that listens slowly: drain() keeps the memory small.

#include <asyncio/asyncio.hpp>

#include <algorithm>
#include <cstdio>
#include <string>

using namespace std::chrono_literals;

constexpr std::size_t chunk = 64 * 1024;
constexpr std::size_t total = 512 * chunk;  // more than the system buffers for a connection

struct Seen {
    std::size_t most_buffered = 0;
    int waits = 0;
};

asyncio::Coro<> serve(asyncio::StreamWriter writer, Seen& seen) {
    writer.set_write_buffer_limits({.high = 2 * chunk});
    const std::string data(chunk, 'x');
    for (std::size_t sent = 0; sent < total; sent += chunk) {
        writer.write(data);  // what the socket does not take stays in memory
        seen.most_buffered = std::max(seen.most_buffered, writer.get_write_buffer_size());
        if (writer.get_write_buffer_size() > 2 * chunk) ++seen.waits;
        co_await writer.drain();  // waits while more than the limit is there
    }
    writer.close();
    co_await writer.wait_closed();
}

asyncio::Coro<> amain() {
    Seen seen;
    auto accept = [&seen](asyncio::StreamReader, asyncio::StreamWriter writer) { return serve(writer, seen); };
    auto server = co_await asyncio::start_server(accept, "127.0.0.1", 0);
    auto [reader, writer] = co_await asyncio::open_connection("127.0.0.1", server.port());

    co_await asyncio::sleep(50ms);  // a slow start
    std::size_t received = 0;
    std::string data;
    while (!(data = co_await reader.read(chunk)).empty()) received += data.size();

    std::printf("%zu MiB received\n", received >> 20);
    std::printf("the server waited: %s\n", seen.waits > 0 ? "yes" : "no");
    std::printf("at most three chunks in its memory: %s\n", seen.most_buffered <= 3 * chunk ? "yes" : "no");
}

int main() {
    asyncio::run(amain());
}
