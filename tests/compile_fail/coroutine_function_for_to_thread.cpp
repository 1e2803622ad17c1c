// gcc: asyncio::to_thread was given a coroutine function, and its coroutine would never run
// clang: asyncio::to_thread was given a coroutine function, and its coroutine would never run

#include <asyncio/executor/to_thread.hpp>

asyncio::Coro<int> coroutine();
int function();

asyncio::Coro<> use() {
#ifdef MISTAKE
    co_await asyncio::to_thread(coroutine);
#else
    co_await asyncio::to_thread(function);
#endif
}
