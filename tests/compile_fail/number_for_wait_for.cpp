// gcc: asyncio::wait_for takes a duration, not a number: write asyncio::wait_for\(…, 5s\)
// clang: asyncio::wait_for takes a duration, not a number: write asyncio::wait_for\(…, 5s\)

#include <asyncio/task/wait_for.hpp>

using namespace std::chrono_literals;

asyncio::Coro<int> one();

asyncio::Coro<> use() {
#ifdef MISTAKE
    co_await asyncio::wait_for(one(), 5);
#else
    co_await asyncio::wait_for(one(), 5s);
#endif
}
