#include <asyncio/asyncio.hpp>

#include <cstdio>
#include <thread>

int blocking(int n) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return 2 * n;
}

asyncio::Coro<> amain() {
    std::printf("%d\n", co_await asyncio::to_thread(blocking, 21));
}

int main() {
    asyncio::run(amain());
}
