// wait() says which are done and which are not. It throws nothing and cancels nothing when the time is up.

#include "say.hpp"

#include <vector>

Coro<> amain() {
    std::vector tasks{asyncio::create_task(say_hello()), asyncio::create_task(say_world())};
    auto [done, pending] = co_await asyncio::wait(tasks, {.timeout = 1500ms, .return_when = asyncio::FIRST_COMPLETED});
    // Both, for both have ended before this task goes on.
    std::printf("%zu %zu\n", done.size(), pending.size());
    for (auto& task : done) std::puts(task.result().c_str());

    std::vector slow{asyncio::create_task(asyncio::sleep(1s, 7))};
    auto late = co_await asyncio::wait(slow, {.timeout = 300ms});
    std::printf("%zu %zu %d\n", late.done.size(), late.pending.size(), slow[0].cancelled());
    std::printf("%d\n", co_await slow[0]);
}

int main() {
    asyncio::run(amain());
    return 0;
}
