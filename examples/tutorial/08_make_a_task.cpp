// Three ways to make a task of a coroutine; and what ensure_future does with a future, and with something like one.

#include "say.hpp"

struct FutureLike {
    asyncio::Future<int> inner;
    auto operator co_await() const { return inner.operator co_await(); }
};

Coro<int> one() {
    co_return 1;
}

Coro<> amain() {
    auto& loop = asyncio::get_running_loop();
    auto a = asyncio::create_task(one());
    auto b = asyncio::ensure_future(one());
    auto c = loop.create_task(one());  // takes no future: that would be a compile error

    auto future = loop.create_future<int>();
    std::printf("%d\n", asyncio::ensure_future(future) == future);  // as it is
    auto d = asyncio::ensure_future(FutureLike{future});            // wrapped in a task
    future.set_result(7);

    auto [ra, rb, rc, rd] = co_await asyncio::gather(a, b, c, d);
    std::printf("%d %d %d %d\n", ra, rb, rc, rd);
}

int main() {
    asyncio::run(amain());
    return 0;
}
