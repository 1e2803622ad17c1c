// gcc: asyncio::sleep takes a duration, not a number: write asyncio::sleep\(1s\)
// clang: asyncio::sleep takes a duration, not a number: write asyncio::sleep\(1s\)

#include <asyncio/task/coro.hpp>
#include <asyncio/task/sleep.hpp>

using namespace std::chrono_literals;

asyncio::Coro<> use() {
#ifdef MISTAKE
    co_await asyncio::sleep(1);
#else
    co_await asyncio::sleep(1s);
#endif
}
