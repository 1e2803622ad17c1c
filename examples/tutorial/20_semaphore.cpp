// A semaphore lets three in at a time; who waits enters in the order of coming.

#include "say.hpp"

#include <utility>
#include <vector>

Coro<> worker(char name, std::chrono::seconds work, asyncio::Semaphore& semaphore) {
    auto guard = co_await semaphore.guard();
    std::printf("worker %c acquired the semaphore\n", name);
    co_await asyncio::sleep(work);
    std::printf("worker %c releasing semaphore\n", name);
}

Coro<> amain() {
    const std::pair<char, std::chrono::seconds> jobs[] = {{'a', 1s}, {'b', 3s}, {'c', 2s}, {'d', 4s}, {'e', 2s}};
    asyncio::Semaphore semaphore(3);
    std::vector<asyncio::Task<>> tasks;
    for (auto [name, work] : jobs) tasks.push_back(asyncio::create_task(worker(name, work, semaphore)));
    co_await asyncio::wait(tasks);
}

int main() {
    asyncio::run(amain());
    return 0;
}
