// Blocking work in a thread: the default pool's, or that of a pool of one's own. The loop ticks on meanwhile.

#include "say.hpp"

#include <thread>

void blocking_io() {
    std::puts("start blocking I/O");
    std::this_thread::sleep_for(300ms);
    std::puts("end blocking I/O");
}

Coro<> ticker(int& ticks) {
    for (;;) {
        co_await asyncio::sleep(1ms);
        ++ticks;
    }
}

Coro<> amain() {
    int ticks = 0;
    auto task = asyncio::create_task(ticker(ticks));
    auto& loop = asyncio::get_running_loop();
    co_await loop.run_in_executor(nullptr, blocking_io);
    std::puts(ticks > 0 ? "main continues" : "the loop stood still");
    task.cancel();

    asyncio::futures::ThreadPoolExecutor pool({.max_workers = 2});
    std::printf("%d\n", co_await loop.run_in_executor(pool, [](int n) { return n + 1; }, 41));
    co_await pool.aclose();
}

int main() {
    asyncio::run(amain());
    return 0;
}
