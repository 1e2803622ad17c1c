#include <asyncio/asyncio.hpp>

#include <cstdio>

asyncio::Coro<> produce(asyncio::Queue<int>& queue) {
    for (int i = 1; i <= 3; ++i) co_await queue.put(i);  // waits while two are inside
    queue.shutdown();
}

asyncio::Coro<> consume(asyncio::Queue<int>& queue) {
    while (auto item = co_await queue.next()) std::printf("%d\n", *item);
    std::puts("end");
}

asyncio::Coro<> amain() {
    asyncio::Queue<int> queue(2);
    co_await asyncio::gather(produce(queue), consume(queue));
}

int main() {
    asyncio::run(amain());
}
