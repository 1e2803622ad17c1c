// gcc: this cannot be awaited: it is not awaitable in asyncio::Coro
// clang: this cannot be awaited: it is not awaitable in asyncio::Coro

#include <asyncio/task/coro.hpp>

#include <coroutine>

struct Foreign {
#ifndef MISTAKE
    using asyncio_awaiter = void;  // a promise never to suspend
#endif
    [[nodiscard]] bool await_ready() const noexcept { return true; }
    void await_suspend(std::coroutine_handle<>) const noexcept {}
    void await_resume() const noexcept {}
};

asyncio::Coro<> use() {
    co_await Foreign();
}
