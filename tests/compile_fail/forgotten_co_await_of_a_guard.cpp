// gcc: unused variable .guard.
// clang: unused variable .guard.

#include <asyncio/sync/lock.hpp>
#include <asyncio/task/coro.hpp>

asyncio::Coro<> use(asyncio::Lock& lock) {
#ifdef MISTAKE
    auto guard = lock.guard();
#else
    auto guard = co_await lock.guard();
#endif
    co_return;
}
