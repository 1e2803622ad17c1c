#include <asyncio/asyncio.hpp>

#include <cstdio>

using namespace std::chrono_literals;

asyncio::Coro<> work(asyncio::Semaphore& semaphore, int number) {
    auto guard = co_await semaphore.guard();
    std::printf("%d\n", number);
    co_await asyncio::sleep(10ms);
}

asyncio::Coro<> amain() {
    asyncio::Semaphore semaphore(2);
    co_await asyncio::gather(work(semaphore, 1), work(semaphore, 2), work(semaphore, 3));
    std::puts("all done");
}

int main() {
    asyncio::run(amain());
}
