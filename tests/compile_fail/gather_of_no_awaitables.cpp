// gcc: asyncio::gather takes coroutines, callables that return one, futures and tasks, or a range of them
// clang: asyncio::gather takes coroutines, callables that return one, futures and tasks, or a range of them

#include <asyncio/task/gather.hpp>

#ifdef MISTAKE
int one() {
    return 1;
}
#else
asyncio::Coro<int> one() {
    co_return 1;
}
#endif

asyncio::Coro<> use() {
    [[maybe_unused]] auto [a, b] = co_await asyncio::gather(one(), one());
}
