// gcc: AsCompletedTakesARangeOfCoroutinesFuturesOrTasks
// clang: asyncio::as_completed takes a range of coroutines, futures or tasks

#include <asyncio/task/as_completed.hpp>

asyncio::Coro<> use([[maybe_unused]] std::vector<asyncio::Task<int>> tasks) {
#ifdef MISTAKE
    std::vector<int> numbers{1, 2};
    for (auto next : asyncio::as_completed(numbers)) co_await next;
#else
    for (auto next : asyncio::as_completed(tasks)) co_await next;
#endif
}
