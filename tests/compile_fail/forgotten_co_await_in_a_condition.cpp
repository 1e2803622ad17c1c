// gcc: ValueThatOnlyCoAwaitGives
// clang: this has to be awaited before it has a value: write co_await

#include <asyncio/task/coro.hpp>

asyncio::Coro<int> load() {
    co_return 1;
}

asyncio::Coro<> use() {
#ifdef MISTAKE
    if (load()) co_return;
#else
    if (co_await load()) co_return;
#endif
}
