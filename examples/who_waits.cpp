// Who waits for whom: a task is asked in the middle of its work. With an argument it goes on for an hour, to be looked
// at from outside: asyncio ps PID.

#include <asyncio/asyncio.hpp>

using namespace std::chrono_literals;

asyncio::Coro<> fetch(std::chrono::seconds time) {
    asyncio::print_call_graph(co_await asyncio::capture_call_graph_here());
    co_await asyncio::sleep(time);
}

asyncio::Coro<> page(std::chrono::seconds time) {
    co_await asyncio::create_task(fetch(time), {.name = "fetch"});
}

asyncio::Coro<> site(std::chrono::seconds time) {
    auto front = asyncio::create_task(page(time), {.name = "front page"});
    co_await asyncio::gather(front);
}

int main(int count, char**) {
    asyncio::run(site(count > 1 ? 3600s : 0s));
}
