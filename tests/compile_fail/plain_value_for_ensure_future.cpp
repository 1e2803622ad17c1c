// gcc: EnsureFutureTakesACoroutineAFutureOrAnotherAwaitable
// clang: asyncio::ensure_future takes a coroutine

#include <asyncio/task/ensure_future.hpp>

int load_now();
asyncio::Coro<int> load() {
    co_return 1;
}

void use() {
#ifdef MISTAKE
    asyncio::ensure_future(load_now());
#else
    asyncio::ensure_future(load());
#endif
}
