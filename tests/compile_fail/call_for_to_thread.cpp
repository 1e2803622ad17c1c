// gcc: asyncio::to_thread takes a function and the arguments to call it with
// clang: asyncio::to_thread takes a function and the arguments to call it with

#include <asyncio/executor/to_thread.hpp>

int function(int);

asyncio::Coro<> use() {
#ifdef MISTAKE
    co_await asyncio::to_thread(function(1));
#else
    co_await asyncio::to_thread(function, 1);
#endif
}
