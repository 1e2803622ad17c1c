// gcc: TheCoroutineWouldNeverRunUseCreateTask
// clang: the coroutine would never run: use create_task

#include <asyncio/loop/event_loop.hpp>
#include <asyncio/task/create_task.hpp>

asyncio::Coro<> greet() {
    co_return;
}

void use(asyncio::EventLoop& loop) {
#ifdef MISTAKE
    loop.call_soon(greet);
#else
    loop.call_soon([] { asyncio::create_task(greet()); });
#endif
}
