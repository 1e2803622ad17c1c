// gcc: WaitTakesARangeOfCoroutinesFuturesOrTasks
// clang: asyncio::wait takes a range of coroutines, futures or tasks

#include <asyncio/task/wait.hpp>

asyncio::Coro<> use([[maybe_unused]] std::vector<asyncio::Task<int>> tasks) {
#ifdef MISTAKE
    std::vector<int> numbers{1, 2};
    co_await asyncio::wait(numbers);
#else
    co_await asyncio::wait(tasks);
#endif
}
