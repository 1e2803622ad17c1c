// gcc: run takes a coroutine, or a callable without parameters that returns one
// clang: run takes a coroutine, or a callable without parameters that returns one

#include <asyncio/task/run.hpp>

asyncio::Coro<> amain(int) {
    co_return;
}

int main() {
    asyncio::Runner runner;
#ifdef MISTAKE
    runner.run(amain);
#else
    runner.run(amain(1));
#endif
}
