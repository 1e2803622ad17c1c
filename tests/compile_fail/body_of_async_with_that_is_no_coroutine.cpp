// gcc: the body of asyncio::async_with must take the manager and return a Coro
// clang: the body of asyncio::async_with must take the manager and return a Coro

#include <asyncio/task/async_with.hpp>
#include <asyncio/task/task_group.hpp>

asyncio::Coro<> work();

asyncio::Coro<> use() {
#ifdef MISTAKE
    co_await asyncio::async_with(asyncio::TaskGroup(), [](asyncio::TaskGroup& group) { group.create_task(work()); });
#else
    co_await asyncio::async_with(asyncio::TaskGroup(), [](asyncio::TaskGroup& group) -> asyncio::Coro<> {
        group.create_task(work());
        co_return;
    });
#endif
}
