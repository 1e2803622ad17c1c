// gcc: ValueThatOnlyCoAwaitGives
// clang: this has to be awaited before it has a value: write co_await

#include <asyncio/sync/lock.hpp>
#include <asyncio/task/coro.hpp>

asyncio::Coro<> use(asyncio::Lock& lock) {
#ifdef MISTAKE
    asyncio::Guard<asyncio::Lock> guard = lock.guard();
#else
    asyncio::Guard<asyncio::Lock> guard = co_await lock.guard();
#endif
    co_return;
}
