// Sends back whatever it receives, on as many loops as are asked for, each in a thread with a listener of its own on
// one port: the system spreads the connections over them.
//
//     sharded_echo              a demonstration on a free port, with a few clients
//     sharded_echo PORT [N]     serves until Ctrl-C

#include <asyncio/asyncio.hpp>
#include <asyncio/executor/run_sharded.hpp>

#include <cstdint>
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
    auto server = co_await asyncio::start_server(echo, "127.0.0.1", port, {.reuse_port = true});
    co_await server.serve_forever();
}

/// Opens a port, has the other shards listen on it too, and asks them how many they are.
asyncio::Coro<> demonstrate(asyncio::Shard shard) {
    auto server = co_await asyncio::start_server(echo, "127.0.0.1", 0, {.reuse_port = true});
    const std::uint16_t port = server.port();
    auto listen = [port]() -> asyncio::Coro<> {
        co_await asyncio::start_server(echo, "127.0.0.1", port, {.reuse_port = true});
    };
    for (std::size_t other = 1; other < shard.count(); ++other) co_await shard.run_on(other, listen);
    std::printf("%zu loops listen on one port\n", shard.count());

    for (int i = 1; i <= 3; ++i) {
        auto [reader, writer] = co_await asyncio::open_connection("127.0.0.1", port);
        writer.write("hello " + std::to_string(i) + "\n");
        const std::string answer = co_await reader.readline();
        std::printf("answer: %s", answer.c_str());
        writer.close();
        co_await writer.wait_closed();
    }
}

int main(int argc, char** argv) {
    try {
        if (argc > 1) {
            const auto port = static_cast<std::uint16_t>(std::atoi(argv[1]));
            asyncio::run_sharded(argc > 2 ? std::atoi(argv[2]) : 2, [port](asyncio::Shard) { return serve(port); });
        } else {
            asyncio::run_sharded(2, [](asyncio::Shard shard) -> asyncio::Coro<> {
                if (shard.index() != 0) co_await asyncio::sleep(std::chrono::hours(1));
                co_await demonstrate(shard);
                throw asyncio::SystemExit();  // ends the other one too
            });
        }
    } catch (const asyncio::KeyboardInterrupt&) {
        std::puts("bye");
    } catch (const asyncio::SystemExit&) {
        std::puts("done");
    } catch (const std::exception& error) {
        std::fprintf(stderr, "sharded_echo: %s\n", error.what());
        return 1;
    }
}
