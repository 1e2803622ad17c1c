// gcc: create_task takes a Coro, or a callable without parameters
// clang: create_task takes a Coro, or a callable without parameters

#include <asyncio/task/task_group.hpp>

asyncio::Coro<int> load(int number);

void use(asyncio::TaskGroup& group) {
#ifdef MISTAKE
    group.create_task(load);
#else
    group.create_task(load(1));
#endif
}
