// gcc: unable to find the promise type for this coroutine
// clang: this function cannot be a coroutine

#include <asyncio/task/coro.hpp>

asyncio::Coro<int> answer() {
    co_return 42;
}

#ifdef MISTAKE
void use() {
    co_await answer();
}
#else
asyncio::Coro<> use() {
    co_await answer();
}
#endif
