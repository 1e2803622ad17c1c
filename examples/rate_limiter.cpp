// A rate limiter: requests to a server that allows twenty a second, two of them at once.

#include <asyncio/asyncio.hpp>

#include <cstdio>
#include <vector>

using namespace std::chrono_literals;

asyncio::Coro<> request(asyncio::RateLimiter& limiter, int number) {
    co_await limiter.acquire();  // waits its turn; a bigger request would take more: acquire(n)
    std::printf("request %d\n", number);
}

asyncio::Coro<> amain() {
    asyncio::RateLimiter limiter(20, 1s, 2);
    auto& loop = asyncio::get_running_loop();
    const auto start = loop.time();
    std::vector<asyncio::Task<void>> requests;
    for (int i = 1; i <= 5; ++i) requests.push_back(asyncio::create_task(request(limiter, i)));
    for (auto& task : requests) co_await task;
    // Two at once, then one each 50 ms.
    std::printf("%s\n", loop.time() - start >= 150ms ? "in time" : "too fast");
}

int main() {
    asyncio::run(amain());
}
