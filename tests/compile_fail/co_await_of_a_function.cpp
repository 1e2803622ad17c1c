// gcc: this cannot be awaited: .* Await a Coro \(of a function: call it\)
// clang: this cannot be awaited: .* Await a Coro \(of a function: call it\)

#include <asyncio/task/coro.hpp>

asyncio::Coro<int> load() {
    co_return 1;
}

asyncio::Coro<> use() {
#ifdef MISTAKE
    co_await load;
#else
    co_await load();
#endif
}
