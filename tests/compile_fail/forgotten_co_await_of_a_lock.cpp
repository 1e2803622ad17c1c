// gcc: write co_await x.acquire\(\)
// clang: write co_await x.acquire\(\)

#include <asyncio/sync/lock.hpp>
#include <asyncio/task/coro.hpp>

asyncio::Coro<> use(asyncio::Lock& lock) {
#ifdef MISTAKE
    lock.acquire();
#else
    co_await lock.acquire();
#endif
    lock.release();
    co_return;
}
