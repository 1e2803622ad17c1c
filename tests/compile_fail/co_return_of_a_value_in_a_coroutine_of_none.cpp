// gcc: no member named 'return_value' in .*Promise<void>
// clang: no member named 'return_value' in .*Promise<void>

#include <asyncio/task/coro.hpp>

asyncio::Coro<> use() {
#ifdef MISTAKE
    co_return 1;
#else
    co_return;
#endif
}
