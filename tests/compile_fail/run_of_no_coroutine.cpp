// gcc: run takes a coroutine, or a callable without parameters that returns one
// clang: run takes a coroutine, or a callable without parameters that returns one

#include <asyncio/task/run.hpp>

#ifdef MISTAKE
int amain() {
    return 0;
}
#else
asyncio::Coro<int> amain() {
    co_return 0;
}
#endif

int main() {
    return asyncio::run(amain);
}
