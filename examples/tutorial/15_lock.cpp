// A lock lets one in at a time: by a guard, which releases at the end of its scope, and by hand.

#include "say.hpp"

Coro<> coro1(asyncio::Lock& lock) {
    std::puts("coro1 start");
    {
        auto guard = co_await lock.guard();
        std::puts("coro1 acquired lock");
        co_await asyncio::sleep(1s);
    }
    std::puts("coro1 end");  // before "coro2 acquired lock": a release wakes, it does not switch
}

Coro<> coro2(asyncio::Lock& lock) {
    std::puts("coro2 start");
    co_await lock.acquire();
    std::puts("coro2 acquired lock");
    co_await asyncio::sleep(1s);
    lock.release();
    std::puts("coro2 end");
}

Coro<> amain() {
    asyncio::Lock lock;
    co_await asyncio::gather(coro1(lock), coro2(lock));
}

int main() {
    asyncio::run(amain());
    return 0;
}
