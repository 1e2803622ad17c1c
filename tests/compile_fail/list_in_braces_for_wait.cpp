// gcc: WaitTakesARangeAndNoListInBraces
// clang: asyncio::wait takes a range, not a list in braces

#include <asyncio/task/wait.hpp>

asyncio::Coro<> use(asyncio::Task<int> a, asyncio::Task<int> b) {
#ifdef MISTAKE
    co_await asyncio::wait({a, b});
#else
    std::vector tasks{a, b};
    co_await asyncio::wait(tasks);
#endif
}
