// gcc: .co_await. cannot be used in a function with a deduced return type
// clang: 'co_await' cannot be used in a function with a deduced return type

#include <asyncio/task/create_task.hpp>
#include <asyncio/task/sleep.hpp>

void use() {
#ifdef MISTAKE
    asyncio::create_task([] { co_await asyncio::sleep(std::chrono::seconds(1)); });
#else
    asyncio::create_task([]() -> asyncio::Coro<> { co_await asyncio::sleep(std::chrono::seconds(1)); });
#endif
}
