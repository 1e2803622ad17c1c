// gcc: ValueThatOnlyCoAwaitGives
// clang: this has to be awaited before it has a value: write co_await

#include <asyncio/task/wait_for.hpp>

using namespace std::chrono_literals;

asyncio::Coro<int> load() {
    co_return 1;
}

asyncio::Coro<int> use() {
#ifdef MISTAKE
    auto n = asyncio::wait_for(load(), 1s);
    co_return n + 1;
#else
    auto n = co_await asyncio::wait_for(load(), 1s);
    co_return n + 1;
#endif
}
