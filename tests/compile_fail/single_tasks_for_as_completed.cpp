// gcc: AsCompletedTakesARangeOfCoroutinesFuturesOrTasks
// clang: asyncio::as_completed takes a range of coroutines, futures or tasks

#include <asyncio/task/as_completed.hpp>

asyncio::Coro<> use(asyncio::Task<int> a, asyncio::Task<int> b) {
#ifdef MISTAKE
    for (auto next : asyncio::as_completed(a, b)) co_await next;
#else
    std::vector tasks{a, b};
    for (auto next : asyncio::as_completed(tasks)) co_await next;
#endif
}
