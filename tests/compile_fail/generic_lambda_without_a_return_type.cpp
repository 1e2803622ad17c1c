// gcc: .co_await. cannot be used in a function with a deduced return type
// clang: this function cannot be a coroutine: 'std::coroutine_traits<auto

#include <asyncio/task/async_with.hpp>
#include <asyncio/task/sleep.hpp>
#include <asyncio/task/task_group.hpp>

asyncio::Coro<> use() {
#ifdef MISTAKE
    co_await asyncio::async_with(asyncio::TaskGroup(), [](auto&) { co_await asyncio::sleep(std::chrono::seconds(1)); });
#else
    co_await asyncio::async_with(asyncio::TaskGroup(),
                                 [](auto&) -> asyncio::Coro<> { co_await asyncio::sleep(std::chrono::seconds(1)); });
#endif
}
