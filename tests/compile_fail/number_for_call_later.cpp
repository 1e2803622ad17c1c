// gcc: call_later takes a duration, not a number: write call_later\(1s, f\)
// clang: call_later takes a duration, not a number: write call_later\(1s, f\)

#include <asyncio/loop/event_loop.hpp>
#include <asyncio/task/coro.hpp>

using namespace std::chrono_literals;

void function();

asyncio::Coro<> use() {
#ifdef MISTAKE
    asyncio::get_running_loop().call_later(1, function);
#else
    asyncio::get_running_loop().call_later(1s, function);
#endif
    co_return;
}
