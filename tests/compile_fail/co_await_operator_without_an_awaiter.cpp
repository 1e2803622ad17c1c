// gcc: this cannot be awaited
// clang: this cannot be awaited

#include <asyncio/task/coro.hpp>

struct Data {
#ifdef MISTAKE
    int operator co_await() const { return 7; }
#else
    auto operator co_await() const { return std::suspend_never(); }
#endif
};

asyncio::Coro<> use() {
    const Data data;
    co_await data;
}
