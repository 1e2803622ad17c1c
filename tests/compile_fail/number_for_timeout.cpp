// gcc: asyncio::timeout takes a duration, not a number: write asyncio::timeout\(5s\)
// clang: asyncio::timeout takes a duration, not a number: write asyncio::timeout\(5s\)

#include <asyncio/task/async_with.hpp>
#include <asyncio/task/timeout.hpp>

using namespace std::chrono_literals;

asyncio::Coro<int> one();

asyncio::Coro<> use() {
#ifdef MISTAKE
    co_await asyncio::async_with(asyncio::timeout(5), [](auto&) -> asyncio::Coro<> { co_await one(); });
#else
    co_await asyncio::async_with(asyncio::timeout(5s), [](auto&) -> asyncio::Coro<> { co_await one(); });
#endif
}
