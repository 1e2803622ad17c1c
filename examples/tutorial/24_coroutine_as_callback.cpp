// A callback is a function, not a coroutine: let it start a task.

#include "say.hpp"

template <class F>
concept Schedules = requires(asyncio::EventLoop& loop, F callback) { loop.call_soon(std::move(callback)); };

Coro<> my_coroutine() {
    std::puts("in my_coroutine");
    co_return;
}

Coro<> amain() {
    // What Python accepts and then complains of at run time:
    static_assert(!Schedules<asyncio::Task<>> && !Schedules<Coro<>>);

    asyncio::get_running_loop().call_soon([] { asyncio::create_task(my_coroutine()); });
    auto task = asyncio::create_task(my_coroutine());
    task.add_done_callback([](auto done) { std::printf("done %d\n", done.done()); });
    co_await asyncio::sleep(100ms);
}

int main() {
    asyncio::run(amain());
    return 0;
}
