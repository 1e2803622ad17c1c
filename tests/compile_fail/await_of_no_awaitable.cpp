// gcc: this cannot be awaited
// clang: this cannot be awaited

#include <asyncio/task/coro.hpp>

int answer() {
    return 42;
}

asyncio::Coro<int> question() {
#ifdef MISTAKE
    co_return co_await answer();
#else
    co_return answer();
#endif
}
