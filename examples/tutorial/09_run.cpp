// asyncio::run makes a loop, runs one coroutine to its end, and closes the loop.

#include "say.hpp"

Coro<std::string> fetch_data() {
    co_await asyncio::sleep(2s);
    co_return "data";
}

Coro<> amain() {
    auto data = co_await fetch_data();
    std::puts(data.c_str());
}

int main() {
    asyncio::run(amain());
    return 0;
}
