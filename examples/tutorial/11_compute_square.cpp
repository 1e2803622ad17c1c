// A coroutine that waits and then returns a value.

#include "say.hpp"

Coro<int> compute_square(int number) {
    co_await asyncio::sleep(1s);
    co_return number* number;
}

Coro<> amain() {
    std::printf("result: %d\n", co_await compute_square(2));
}

int main() {
    asyncio::run(amain());
    return 0;
}
