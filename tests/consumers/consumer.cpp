#include <asyncio/asyncio.hpp>

#include <cstdio>

asyncio::Coro<int> square(int n) {
    co_await asyncio::sleep(std::chrono::milliseconds(1));
    co_return n* n;
}

asyncio::Coro<> amain() {
    auto [a, b] = co_await asyncio::gather(square(2), square(3));
    std::printf("%d + %d = %d\n", a, b, a + b);
}

int main() {
    asyncio::run(amain());
}
