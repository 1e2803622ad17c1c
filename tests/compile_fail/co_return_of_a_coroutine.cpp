// gcc: co_return: .* of a coroutine, co_return co_await f\(\)
// clang: co_return: .* of a coroutine, co_return co_await f\(\)

#include <asyncio/task/coro.hpp>

asyncio::Coro<int> load() {
    co_return 1;
}

asyncio::Coro<int> use() {
#ifdef MISTAKE
    co_return load();
#else
    co_return co_await load();
#endif
}
