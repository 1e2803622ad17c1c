// gcc: create_task takes a Coro or a callable that returns a Coro
// clang: create_task takes a Coro or a callable that returns a Coro

#include <asyncio/task/create_task.hpp>
#include <asyncio/task/ensure_future.hpp>

void use(const asyncio::Future<int>& future) {
#ifdef MISTAKE
    asyncio::create_task(future);
#else
    asyncio::ensure_future(future);
#endif
}
