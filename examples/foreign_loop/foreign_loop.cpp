// Everything runs on a third party's loop, chosen by a policy: timers, tasks, and a server with its client.

#include "poll_driver.hpp"

#include <iostream>

using namespace std::chrono_literals;
using asyncio::Coro;
using asyncio::StreamReader;
using asyncio::StreamWriter;

namespace {

Coro<> shout_back(StreamReader reader, StreamWriter writer) {
    std::string line = co_await reader.readline();
    for (char& c : line) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    writer.write(line);
    co_await writer.drain();
    writer.close();
}

Coro<> amain() {
    std::cout << "running on " << asyncio::get_running_loop().driver().name() << "\n";
    asyncio::Server server = co_await asyncio::start_server(shout_back, "127.0.0.1", 0);
    auto [reader, writer] = co_await asyncio::open_connection("127.0.0.1", server.port());
    writer.write("hello\n");
    auto [line, slept] = co_await asyncio::gather(reader.readline(), asyncio::sleep(1ms, "slept"));
    std::cout << line << slept << "\n";
    writer.close();
    server.close();
}

}  // namespace

int main() {
    asyncio::set_event_loop_policy(std::make_shared<foreign::PollPolicy>());
    asyncio::run(amain());
}
