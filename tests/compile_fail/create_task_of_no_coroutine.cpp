// gcc: create_task takes a Coro, or a callable without parameters that returns a Coro
// clang: create_task takes a Coro, or a callable without parameters that returns a Coro

#include <asyncio/task/create_task.hpp>

#ifdef MISTAKE
int work() {
    return 1;
}
#else
asyncio::Coro<int> work() {
    co_return 1;
}
#endif

void use() {
    asyncio::create_task(work());
}
