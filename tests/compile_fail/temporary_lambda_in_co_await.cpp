// gcc: GCC before 14 destroys a temporary lambda or aggregate twice inside co_await: name the task or future first

#include <asyncio/task/coro.hpp>
#include <asyncio/task/ensure_future.hpp>
#include <asyncio/task/gather.hpp>

#include <string>

asyncio::Coro<> use(std::string name) {
#ifdef MISTAKE
    co_await asyncio::gather([name]() -> asyncio::Coro<> { co_return; });
#else
    auto body = [name]() -> asyncio::Coro<> { co_return; };
    co_await asyncio::gather(body);
#endif
}
