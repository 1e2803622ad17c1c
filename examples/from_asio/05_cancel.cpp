#include <asyncio/asyncio.hpp>

#include <cstdio>
#include <vector>

using namespace std::chrono_literals;

asyncio::Coro<> work() {
    try {
        co_await asyncio::sleep(1h);
    } catch (const asyncio::CancelledError&) {
        std::puts("work: cancelled");
        throw;
    }
}

asyncio::Coro<> amain() {
    auto task = asyncio::create_task(work());
    co_await asyncio::sleep(10ms);
    task.cancel();
    const std::vector tasks{task};
    co_await asyncio::wait(tasks);
    std::puts("it has ended");
}

int main() {
    asyncio::run(amain());
}
