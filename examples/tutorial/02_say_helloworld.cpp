// Coroutines await others and get their values.

#include "say.hpp"

Coro<> amain() {
    auto value = co_await say_helloworld();
    std::puts(value.c_str());
}

int main() {
    asyncio::run(amain());
    return 0;
}
