// Ten pages from a server that takes a fifth of a second for each, at once: it takes a fifth of a second, not two.
// The server is in the same process, and so in the same loop.

#include "say.hpp"

#include <vector>

Coro<> serve(asyncio::StreamReader reader, asyncio::StreamWriter writer) {
    auto path = co_await reader.readline();
    path.pop_back();
    co_await asyncio::sleep(200ms);
    writer.write("this is page " + path);
    co_await writer.drain();
    writer.close();
}

Coro<std::string> fetch(std::uint16_t port, int number) {
    auto [reader, writer] = co_await asyncio::open_connection("127.0.0.1", port);
    writer.write(std::to_string(number) + "\n");
    co_await writer.drain();
    co_return co_await reader.read();  // until the server closes
}

Coro<> amain() {
    auto server = co_await asyncio::start_server(serve, "127.0.0.1", 0);
    std::vector<Coro<std::string>> fetches;
    for (int number = 0; number < 10; ++number) fetches.push_back(fetch(server.port(), number));
    for (auto& page : co_await asyncio::gather(std::move(fetches))) std::puts(page.c_str());
    server.close();
    co_await server.wait_closed();
}

int main() {
    asyncio::run(amain());
    return 0;
}
