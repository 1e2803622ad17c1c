// The ten-line program whose compile time and size bench/compile_time.py measures.
#include <asyncio/asyncio.hpp>

#include <cstdio>
using namespace std::chrono_literals;
asyncio::Coro<int> amain() {
    co_await asyncio::sleep(1ms);
    std::puts("hello");
    co_return 0;
}
int main() {
    return asyncio::run(amain());
}
