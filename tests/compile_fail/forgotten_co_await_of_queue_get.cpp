// gcc: ValueThatOnlyCoAwaitGives
// clang: this has to be awaited before it has a value: write co_await

#include <asyncio/queue/queue.hpp>
#include <asyncio/task/coro.hpp>

asyncio::Coro<> use(asyncio::Queue<std::string>& queue) {
#ifdef MISTAKE
    std::string job = queue.get();
#else
    std::string job = co_await queue.get();
#endif
    co_return;
}
