// gcc: write co_await asyncio::sleep
// clang: write co_await asyncio::sleep

#include <asyncio/task/coro.hpp>
#include <asyncio/task/sleep.hpp>

asyncio::Coro<> use() {
#ifdef MISTAKE
    asyncio::sleep(std::chrono::seconds(1));
#else
    co_await asyncio::sleep(std::chrono::seconds(1));
#endif
    co_return;
}
