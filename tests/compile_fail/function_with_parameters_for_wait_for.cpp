// gcc: WaitForTakesAnAwaitableOrACallableWithoutParameters
// clang: wait_for takes .* or a callable without parameters

#include <asyncio/task/wait_for.hpp>

using namespace std::chrono_literals;

asyncio::Coro<int> load(int number);

asyncio::Coro<> use() {
#ifdef MISTAKE
    co_await asyncio::wait_for(load, 1s);
#else
    co_await asyncio::wait_for(load(1), 1s);
#endif
}
