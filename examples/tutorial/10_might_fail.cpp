// An exception comes out of the co_await, and is caught there.

#include "say.hpp"

#include <stdexcept>

Coro<> might_fail() {
    throw std::runtime_error("it went wrong!");
    co_return;
}

Coro<> amain() {
    try {
        co_await might_fail();
    } catch (const std::exception& error) {
        std::printf("caught: %s\n", error.what());
    }
}

int main() {
    asyncio::run(amain());
    return 0;
}
