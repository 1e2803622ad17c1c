// gcc: GCC before 14 destroys a temporary lambda or aggregate twice inside co_await: name the task or future first

#include <asyncio/task/ensure_future.hpp>
#include <asyncio/task/task_group.hpp>
#include <asyncio/task/wait_for.hpp>

#include <string>

asyncio::Coro<> use(asyncio::TaskGroup& group, std::string name) {
#ifdef MISTAKE
    co_await asyncio::wait_for(group.create_task([name]() -> asyncio::Coro<> { co_return; }), std::chrono::seconds(1));
#else
    auto task = group.create_task([name]() -> asyncio::Coro<> { co_return; });
    co_await asyncio::wait_for(task, std::chrono::seconds(1));
    auto same = asyncio::ensure_future([name]() -> asyncio::Coro<> { co_return; });
    co_await same;
#endif
}
