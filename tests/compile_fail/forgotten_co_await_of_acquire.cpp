// gcc: ValueThatOnlyCoAwaitGives
// clang: this has to be awaited before it has a value: write co_await

#include <asyncio/sync/lock.hpp>
#include <asyncio/task/coro.hpp>

asyncio::Coro<> use(asyncio::Lock& lock) {
#ifdef MISTAKE
    if (lock.acquire()) lock.release();
#else
    if (co_await lock.acquire()) lock.release();
#endif
    co_return;
}
