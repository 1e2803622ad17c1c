// gcc: asyncio::gather takes the tag asyncio::return_exceptions instead of
// clang: asyncio::gather takes the tag asyncio::return_exceptions instead of

#include <asyncio/task/gather.hpp>

asyncio::Coro<int> one();

asyncio::Coro<> use() {
#ifdef MISTAKE
    co_await asyncio::gather(one(), one(), {.return_exceptions = true});
#else
    co_await asyncio::gather(one(), one(), asyncio::return_exceptions);
#endif
}
