// A client that tries again after one, two and four seconds, and its tests: they take no time, and need no network.

#include <asyncio/asyncio.hpp>
#include <asyncio/testing/testing.hpp>

#include <cstdio>
#include <string>

using namespace std::chrono_literals;

asyncio::Coro<std::string> fetch(std::uint16_t port) {
    for (auto pause = 1s;; pause *= 2) {
        try {
            auto [reader, writer] = co_await asyncio::open_connection("127.0.0.1", port);
            co_return co_await reader.readline();
        } catch (const asyncio::ConnectionRefusedError&) {
            if (pause > 4s) throw;
        }
        co_await asyncio::sleep(pause);
    }
}

double seconds_since(asyncio::Clock::time_point begin) {
    return std::chrono::duration<double>(asyncio::get_running_loop().time() - begin).count();
}

// The server comes up after five seconds. Under run_virtual, sockets are in memory.
asyncio::Coro<> test_server_comes_late() {
    const auto begin = asyncio::get_running_loop().time();
    auto task = asyncio::create_task(fetch(8080));
    co_await asyncio::sleep(5s);
    auto greet = [](asyncio::StreamReader, asyncio::StreamWriter writer) { writer.write("hello\n"); };
    auto server = co_await asyncio::start_server(greet, "127.0.0.1", 8080);
    auto line = co_await task;
    std::printf("got %.5s after %.0f s\n", line.c_str(), seconds_since(begin));
}

asyncio::Coro<> test_server_never_comes() {
    const auto begin = asyncio::get_running_loop().time();
    try {
        co_await fetch(8080);
    } catch (const asyncio::ConnectionRefusedError&) {
        std::printf("refused after %.0f s\n", seconds_since(begin));
    }
}

int main() {
    asyncio::testing::run_virtual(test_server_comes_late());
    asyncio::testing::run_virtual(test_server_never_comes());
    // What asyncio does not promise is varied by a seed: the test must not depend on it.
    for (std::uint64_t seed = 1; seed <= 3; ++seed)
        asyncio::testing::run_virtual(test_server_never_comes(), {.seed = seed});
}
