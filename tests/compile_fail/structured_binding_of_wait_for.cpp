// gcc: this has to be awaited before it can be taken apart: write auto \[a, b\] = co_await
// clang: this has to be awaited before it can be taken apart: write auto \[a, b\] = co_await

#include <asyncio/task/wait_for.hpp>

using namespace std::chrono_literals;

asyncio::Coro<std::pair<int, int>> load();

asyncio::Coro<> use() {
#ifdef MISTAKE
    [[maybe_unused]] auto [a, b] = asyncio::wait_for(load(), 1s);
#else
    [[maybe_unused]] auto [a, b] = co_await asyncio::wait_for(load(), 1s);
#endif
    co_return;
}
