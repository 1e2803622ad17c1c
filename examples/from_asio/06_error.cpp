#include <asyncio/asyncio.hpp>

#include <cstdio>

asyncio::Coro<> amain() {
    try {
        co_await asyncio::open_connection("127.0.0.1", 1);  // nobody listens there
    } catch (const asyncio::ConnectionRefusedError&) {
        std::puts("refused");
    }
}

int main() {
    asyncio::run(amain());
}
