// gcc: run_in_executor was given a coroutine function, and its coroutine would never run: use create_task
// clang: run_in_executor was given a coroutine function, and its coroutine would never run: use create_task

#include <asyncio/executor/run_in_executor.hpp>
#include <asyncio/task/create_task.hpp>

asyncio::Coro<> greet() {
    co_return;
}

void use(asyncio::EventLoop& loop) {
#ifdef MISTAKE
    loop.run_in_executor(nullptr, greet);
#else
    loop.create_task(greet());
#endif
}
