#include <asyncio/asyncio.hpp>

#include <cstdio>

using namespace std::chrono_literals;

asyncio::Coro<int> slow_answer() {
    co_await asyncio::sleep(1h);
    co_return 42;
}

asyncio::Coro<> amain() {
    try {
        int answer = co_await asyncio::wait_for(slow_answer(), 20ms);
        std::printf("%d\n", answer);
    } catch (const asyncio::TimeoutError&) {
        std::puts("too late");
    }
}

int main() {
    asyncio::run(amain());
}
