// gcc: no member named 'return_void' in .*Promise<int>
// clang: no member named 'return_void' in .*Promise<int>

#include <asyncio/task/coro.hpp>

asyncio::Coro<int> use() {
#ifdef MISTAKE
    co_return;
#else
    co_return 1;
#endif
}
