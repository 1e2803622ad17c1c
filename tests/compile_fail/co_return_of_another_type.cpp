// gcc: co_return: no T of asyncio::Coro<T> can be made of this value
// clang: co_return: no T of asyncio::Coro<T> can be made of this value

#include <asyncio/task/coro.hpp>

asyncio::Coro<int> use() {
#ifdef MISTAKE
    co_return "1";
#else
    co_return 1;
#endif
}
