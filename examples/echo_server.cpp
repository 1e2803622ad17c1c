// echo_server PORT: sends back whatever it receives. Port 0 takes a free one.

#include <asyncio/asyncio.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>

asyncio::Coro<> echo(asyncio::StreamReader reader, asyncio::StreamWriter writer) {
    for (;;) {
        const std::string data = co_await reader.read(65536);
        if (data.empty()) break;
        writer.write(data);
        co_await writer.drain();
    }
    writer.close();
    co_await writer.wait_closed();
}

asyncio::Coro<> serve(std::uint16_t port) {
    auto server = co_await asyncio::start_server(echo, "127.0.0.1", port);
    std::printf("listening on %d\n", server.port());
    std::fflush(stdout);
    co_await server.serve_forever();
}

int main(int argc, char** argv) {
    if (argc < 2) return std::fprintf(stderr, "usage: echo_server PORT\n"), 2;
    try {
        asyncio::run(serve(static_cast<std::uint16_t>(std::atoi(argv[argc - 1]))));
    } catch (const asyncio::KeyboardInterrupt&) {
        return 130;  // Ctrl-C
    }
}
