// gcc: a coroutine does nothing until it is awaited: write co_await f\(\) or create_task\(f\(\)\)
// clang: a coroutine does nothing until it is awaited: write co_await f\(\) or create_task\(f\(\)\)

#include <asyncio/task/coro.hpp>

asyncio::Coro<> save() {
    co_return;
}

asyncio::Coro<> use() {
#ifdef MISTAKE
    save();
#else
    co_await save();
#endif
    co_return;
}
