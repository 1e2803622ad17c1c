// gcc: GCC before 14 destroys a temporary lambda or aggregate twice inside co_await: name the task or future first

#include <asyncio/task/create_task.hpp>

#include <string>

asyncio::Coro<> use(std::string name) {
#ifdef MISTAKE
    co_await asyncio::create_task([name]() -> asyncio::Coro<> { co_return; });
#else
    auto task = asyncio::create_task([name]() -> asyncio::Coro<> { co_return; });
    co_await task;
    co_await std::move(task);
#endif
}
