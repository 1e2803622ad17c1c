// gcc: await expressions are not permitted in handlers
// clang: 'co_await' cannot be used in the handler of a try block

#include <asyncio/task/coro.hpp>

#include <stdexcept>

asyncio::Coro<> work();
asyncio::Coro<> save();

asyncio::Coro<> use() {
    bool failed = false;
    try {
        co_await work();
    } catch (const std::runtime_error&) {
        failed = true;
#ifdef MISTAKE
        co_await save();
#else
        // noted, and awaited below
#endif
    }
    if (failed) co_await save();
}
