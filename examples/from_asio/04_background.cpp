#include <asyncio/asyncio.hpp>

#include <cstdio>

using namespace std::chrono_literals;

asyncio::Coro<int> answer() {
    co_await asyncio::sleep(10ms);
    co_return 42;
}

asyncio::Coro<> amain() {
    auto task = asyncio::create_task(answer());
    std::puts("meanwhile");
    std::printf("%d\n", co_await task);
}

int main() {
    asyncio::run(amain());
}
