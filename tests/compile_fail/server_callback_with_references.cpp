// gcc: the callback of asyncio::start_server must take the streams by value
// clang: the callback of asyncio::start_server must take the streams by value

#include <asyncio/net/streams.hpp>

asyncio::Coro<> by_value(asyncio::StreamReader reader, asyncio::StreamWriter writer);
asyncio::Coro<> by_reference(asyncio::StreamReader& reader, asyncio::StreamWriter& writer);

asyncio::Coro<> use() {
#ifdef MISTAKE
    co_await asyncio::start_server(by_reference, "127.0.0.1", 0);
#else
    co_await asyncio::start_server(by_value, "127.0.0.1", 0);
#endif
}
