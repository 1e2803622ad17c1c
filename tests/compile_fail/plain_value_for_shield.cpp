// gcc: ShieldTakesOneCoroutineFutureOrTask
// clang: asyncio::shield takes a coroutine

#include <asyncio/task/shield.hpp>

int load_now();
asyncio::Coro<int> load() {
    co_return 1;
}

asyncio::Coro<> use() {
#ifdef MISTAKE
    co_await asyncio::shield(load_now());
#else
    co_await asyncio::shield(load());
#endif
}
