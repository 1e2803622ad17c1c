// gcc: this has to be awaited before it can be taken apart: write auto \[a, b\] = co_await
// clang: this has to be awaited before it can be taken apart: write auto \[a, b\] = co_await

#include <asyncio/task/task.hpp>

asyncio::Coro<> use(asyncio::Task<std::pair<int, int>> task) {
#ifdef MISTAKE
    [[maybe_unused]] auto [a, b] = task;
#else
    [[maybe_unused]] auto [a, b] = co_await task;
#endif
    co_return;
}
