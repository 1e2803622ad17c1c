// gcc: this has to be awaited before it can be taken apart: write auto \[a, b\] = co_await
// clang: this has to be awaited before it can be taken apart: write auto \[a, b\] = co_await

#include <asyncio/task/wait.hpp>

asyncio::Coro<> use(std::vector<asyncio::Task<int>> tasks) {
#ifdef MISTAKE
    [[maybe_unused]] auto [done, pending] = asyncio::wait(tasks);
#else
    [[maybe_unused]] auto [done, pending] = co_await asyncio::wait(tasks);
#endif
    co_return;
}
