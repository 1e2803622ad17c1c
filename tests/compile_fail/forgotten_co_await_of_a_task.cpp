// gcc: ValueThatOnlyCoAwaitGives
// clang: this has to be awaited before it has a value: write co_await

#include <asyncio/task/task.hpp>

asyncio::Coro<int> use(asyncio::Task<int> task) {
#ifdef MISTAKE
    const int n = task;
#else
    const int n = co_await task;
#endif
    co_return n;
}
