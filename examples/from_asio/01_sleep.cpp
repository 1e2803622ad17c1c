#include <asyncio/asyncio.hpp>

#include <cstdio>

using namespace std::chrono_literals;

asyncio::Coro<> amain() {
    co_await asyncio::sleep(20ms);
    std::puts("later");
}

int main() {
    asyncio::run(amain());
}
