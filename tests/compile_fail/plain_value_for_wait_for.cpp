// gcc: WaitForTakesAnAwaitable
// clang: asyncio::wait_for takes a coroutine

#include <asyncio/task/wait_for.hpp>

using namespace std::chrono_literals;

int load_now();
asyncio::Coro<int> load() {
    co_return 1;
}

asyncio::Coro<> use() {
#ifdef MISTAKE
    co_await asyncio::wait_for(load_now(), 1s);
#else
    co_await asyncio::wait_for(load(), 1s);
#endif
}
