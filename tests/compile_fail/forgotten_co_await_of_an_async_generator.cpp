// gcc: ForgottenCoAwait
// clang: this has to be awaited before it has a value: write co_await

#include <asyncio/task/async_generator.hpp>
#include <asyncio/task/coro.hpp>

asyncio::Coro<> use(asyncio::AsyncGenerator<int> numbers) {
#ifdef MISTAKE
    while (auto number = numbers.next()) *number += 1;
#else
    while (auto number = co_await numbers.next()) *number += 1;
#endif
    co_return;
}
