// What call_soon() and call_later() return: a handle to cancel by.

#include "say.hpp"

Coro<> wait_a_little() {
    co_await asyncio::sleep(100ms);
}

int main() {
    auto greet = [](const std::string& name) { std::printf("Hello, %s!\n", name.c_str()); };
    auto loop = asyncio::new_event_loop();

    auto handle = loop->call_soon(greet, "Alice");
    std::printf("Cancelled: %d\n", handle.cancelled());
    handle.cancel();

    auto timer = loop->call_later(5s, greet, "Bob");
    std::printf("Scheduled in: %.0f s\n", std::chrono::duration<double>(timer.when() - loop->time()).count());
    timer.cancel();

    loop->run_until_complete(wait_a_little());
    loop->close();
    return 0;
}
