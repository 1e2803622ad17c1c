// gcc: GCC before 14 destroys a temporary lambda or aggregate twice inside co_await: name the task or future first

#include <asyncio/task/gather.hpp>

#include <string>

asyncio::Coro<> use(asyncio::EventLoop& loop, std::string name) {
#ifdef MISTAKE
    co_await asyncio::gather(loop.create_task([name]() -> asyncio::Coro<> { co_return; }), asyncio::return_exceptions);
#else
    auto task = loop.create_task([name]() -> asyncio::Coro<> { co_return; });
    co_await asyncio::gather(task, asyncio::return_exceptions);
#endif
}
