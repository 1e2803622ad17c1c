// gcc: a coroutine does nothing until it is awaited
// clang: a coroutine does nothing until it is awaited

#include <asyncio/task/run.hpp>

asyncio::Coro<> amain() {
    co_return;
}

int main() {
#ifdef MISTAKE
    amain();
#else
    asyncio::run(amain());
#endif
}
