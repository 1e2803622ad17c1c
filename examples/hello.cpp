// The program of the README: several things at once, a time limit, and an answer.

#include <asyncio/asyncio.hpp>

#include <cstdio>
#include <string>

using namespace std::chrono_literals;

asyncio::Coro<std::string> brew(std::string what, std::chrono::milliseconds time) {
    co_await asyncio::sleep(time);
    std::printf("%s is ready\n", what.c_str());
    co_return what;
}

asyncio::Coro<> amain() {
    auto [tea, coffee] = co_await asyncio::gather(brew("tea", 200ms), brew("coffee", 100ms));
    std::printf("served: %s and %s\n", tea.c_str(), coffee.c_str());
    try {
        co_await asyncio::wait_for(brew("soup", 1h), 50ms);
    } catch (const asyncio::TimeoutError&) {
        std::printf("no soup today\n");
    }
}

int main() {
    asyncio::run(amain());
}
