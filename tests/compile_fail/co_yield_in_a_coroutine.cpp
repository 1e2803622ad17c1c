// gcc: co_yield needs a function that returns asyncio::AsyncGenerator
// clang: co_yield needs a function that returns asyncio::AsyncGenerator

#include <asyncio/task/async_generator.hpp>
#include <asyncio/task/coro.hpp>

#ifdef MISTAKE
asyncio::Coro<> numbers() {
#else
asyncio::AsyncGenerator<int> numbers() {
#endif
    co_yield 1;
}
