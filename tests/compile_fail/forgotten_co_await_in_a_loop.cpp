// gcc: ForgottenCoAwait
// clang: this has to be awaited before it has a value: write co_await

#include <asyncio/queue/queue.hpp>
#include <asyncio/task/coro.hpp>

asyncio::Coro<> use(asyncio::Queue<int>& queue) {
#ifdef MISTAKE
    while (auto job = queue.next()) *job += 1;
#else
    while (auto job = co_await queue.next()) *job += 1;
#endif
    co_return;
}
