// gcc: create_task takes a Coro, .* for a Future, ensure_future
// clang: create_task takes a Coro, .* for a Future, ensure_future

#include <asyncio/task/create_task.hpp>
#include <asyncio/task/ensure_future.hpp>

void use(const asyncio::Future<int>& future) {
#ifdef MISTAKE
    asyncio::create_task(future);
#else
    asyncio::ensure_future(future);
#endif
}
