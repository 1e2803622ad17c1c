// as_completed() gives results in the order in which they come. A timeout throws, and the tasks run on.

#include "say.hpp"

#include <vector>

Coro<std::string> after(std::chrono::milliseconds delay, std::string name) {
    co_await asyncio::sleep(delay);
    co_return name;
}

Coro<> amain() {
    std::vector tasks{asyncio::create_task(after(300ms, "c")), asyncio::create_task(after(100ms, "a"))};
    for (auto next : asyncio::as_completed(tasks, {.timeout = 2s})) {
        auto name = co_await next;
        std::puts(name.c_str());
    }

    std::vector again{asyncio::create_task(after(300ms, "c")), asyncio::create_task(after(100ms, "a"))};
    try {
        for (auto next : asyncio::as_completed(again, {.timeout = 200ms})) {
            auto name = co_await next;
            std::puts(name.c_str());
        }
    } catch (const asyncio::TimeoutError&) {
        std::puts("TimeoutError");
    }
    auto late = co_await again[0];
    std::printf("%s still ran\n", late.c_str());
}

int main() {
    asyncio::run(amain());
    return 0;
}
