// gcc: no matching function for call to .gather\(int, int\)
// clang: no matching function for call to .gather

#include <asyncio/task/gather.hpp>

#ifdef MISTAKE
int one() {
    return 1;
}
#else
asyncio::Coro<int> one() {
    co_return 1;
}
#endif

asyncio::Coro<> use() {
    co_await asyncio::gather(one(), one());
}
