// gcc: could not convert '1' from 'int' to 'asyncio::Coro<int>'
// clang: no viable conversion from returned value of type 'int' to function return type 'asyncio::Coro<int>'

#include <asyncio/task/coro.hpp>

asyncio::Coro<int> use() {
#ifdef MISTAKE
    return 1;
#else
    co_return 1;
#endif
}
