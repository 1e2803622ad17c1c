// An event is a flag to wait for: one set() starts everybody.

#include "say.hpp"

#include <functional>
#include <vector>

Coro<> runner(int number, std::chrono::seconds lap, asyncio::Event& start_signal) {
    auto& loop = asyncio::get_running_loop();
    auto now = [&loop, begin = loop.time()] { return std::chrono::duration<double>(loop.time() - begin).count(); };
    std::printf("runner %d: I'm ready\n", number);
    co_await start_signal.wait();
    std::printf("runner %d: running %.1f\n", number, now());
    co_await asyncio::sleep(lap);
    std::printf("runner %d arrived %.1f\n", number, now());
}

void start_race(asyncio::Event& signal) {
    std::puts("start!");
    signal.set();
}

Coro<> amain() {
    asyncio::Event start_signal;
    // Arguments of callbacks are copied; std::ref says that this one is not.
    asyncio::get_running_loop().call_later(200ms, start_race, std::ref(start_signal));
    std::vector runners{asyncio::create_task(runner(1, 2s, start_signal)),
                        asyncio::create_task(runner(2, 3s, start_signal))};
    co_await asyncio::wait(runners);
}

int main() {
    asyncio::run(amain());
    return 0;
}
