#include <asyncio/asyncio.hpp>

#include <cstdio>
#include <string>

asyncio::Coro<> serve(asyncio::StreamReader reader, asyncio::StreamWriter writer) {
    while (auto line = co_await reader.next()) {
        writer.write("you said " + *line);
        co_await writer.drain();
    }
}

asyncio::Coro<> amain() {
    auto server = co_await asyncio::start_server(serve, "127.0.0.1", 0);
    auto [reader, writer] = co_await asyncio::open_connection("127.0.0.1", server.port());
    writer.write("hello\n");
    auto line = co_await reader.readline();
    std::printf("%s", line.c_str());
}

int main() {
    asyncio::run(amain());
}
