// gcc: 'begin' was not declared in this scope
// clang: invalid range expression of type 'asyncio::AsyncGenerator<int>'

#include <asyncio/task/async_generator.hpp>
#include <asyncio/task/coro.hpp>

asyncio::AsyncGenerator<int> numbers();
void take(int number);

asyncio::Coro<> use() {
#ifdef MISTAKE
    for (int number : numbers()) take(number);
    co_return;
#else
    auto all = numbers();
    while (auto number = co_await all.next()) take(*number);
#endif
}
