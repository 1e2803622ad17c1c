// gcc: no matching function for call to .run\(void
// clang: no matching function for call to .run

#include <asyncio/task/run.hpp>

#ifdef MISTAKE
void amain() {}
#else
asyncio::Coro<> amain() {
    co_return;
}
#endif

int main() {
    asyncio::run(amain);
}
