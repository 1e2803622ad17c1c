#include <asyncio/asyncio.hpp>

#include <cstdio>

asyncio::Coro<int> twice(int n) {
    co_await asyncio::sleep(std::chrono::milliseconds(1));
    co_return 2 * n;
}

asyncio::Coro<> amain() {
    auto [a, b] = co_await asyncio::gather(twice(2), twice(3));
    std::printf("%d + %d = %d\n", a, b, a + b);
}

int main() {
    asyncio::run(amain());
}
