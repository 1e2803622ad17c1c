#include <asyncio/asyncio.hpp>

#include <cstdio>

using namespace std::chrono_literals;

asyncio::Coro<int> square(int n) {
    co_await asyncio::sleep(10ms);
    co_return n* n;
}

asyncio::Coro<> amain() {
    auto [a, b] = co_await asyncio::gather(square(2), square(3));
    std::printf("%d %d\n", a, b);
}

int main() {
    asyncio::run(amain());
}
