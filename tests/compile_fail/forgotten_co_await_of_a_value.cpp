// gcc: ValueThatOnlyCoAwaitGives
// clang: this has to be awaited before it has a value: write co_await

#include <asyncio/net/streams.hpp>

asyncio::Coro<> use(asyncio::StreamReader reader) {
#ifdef MISTAKE
    std::string line = reader.readline();
#else
    std::string line = co_await reader.readline();
#endif
    co_return;
}
