// echo_server PORT: sends back whatever it receives. Port 0 takes a free one.

#include <asyncio/asyncio.hpp>

#include <charconv>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>

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
    const std::string_view number = argc == 2 ? argv[1] : "";
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), port);
    if (error != std::errc{} || end != number.data() + number.size()) {
        std::fputs("usage: echo_server PORT\n", stderr);
        return 2;
    }
    try {
        asyncio::run(serve(port));
    } catch (const std::exception& failure) {  // the port is taken
        std::fprintf(stderr, "echo_server: %s\n", failure.what());
        return 1;
    } catch (const asyncio::KeyboardInterrupt&) {
        return 130;  // Ctrl-C
    }
}
