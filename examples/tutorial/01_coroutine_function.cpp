// A coroutine function and the coroutine that it returns: calling runs nothing. With a yield it is an async generator.

#include "say.hpp"

#include <type_traits>

// No await in it, but a co_return: without one it would be a plain function.
Coro<> read_data() {
    std::puts("read_data runs");
    co_return;
}

asyncio::AsyncGenerator<int> numbers() {
    co_yield 42;
}

Coro<> amain() {
    static_assert(!std::is_same_v<decltype(read_data), decltype(read_data())>);
    Coro<> coro = read_data();
    std::puts("called");
    co_await std::move(coro);

    auto generator = numbers();
    while (auto number = co_await generator.next()) std::printf("%d\n", *number);
}

int main() {
    asyncio::run(amain());
    return 0;
}
