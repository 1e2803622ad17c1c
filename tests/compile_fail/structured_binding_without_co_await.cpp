// gcc: this has to be awaited before it can be taken apart: write auto \[a, b\] = co_await
// clang: this has to be awaited before it can be taken apart: write auto \[a, b\] = co_await

#include <asyncio/task/gather.hpp>

asyncio::Coro<int> load() {
    co_return 1;
}

asyncio::Coro<> use() {
#ifdef MISTAKE
    [[maybe_unused]] auto [a, b] = asyncio::gather(load(), load());
#else
    [[maybe_unused]] auto [a, b] = co_await asyncio::gather(load(), load());
#endif
    co_return;
}
