// gcc: RunCoroutineThreadsafeTakesACoroutine
// clang: asyncio::run_coroutine_threadsafe takes a coroutine

#include <asyncio/executor/run_coroutine_threadsafe.hpp>

int load_now();
asyncio::Coro<int> load() {
    co_return 1;
}

int use(asyncio::EventLoop& loop) {
#ifdef MISTAKE
    auto future = asyncio::run_coroutine_threadsafe(load_now(), loop);
#else
    auto future = asyncio::run_coroutine_threadsafe(load(), loop);
#endif
    return future.result();
}
