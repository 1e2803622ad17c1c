// Publish-subscribe: prices go to whoever has subscribed to them. A display that is slow misses some, a log gets all.

#include <asyncio/asyncio.hpp>

#include <cstdio>

using namespace std::chrono_literals;

using Prices = asyncio::Broadcast<int>;

asyncio::Coro<> log_all(Prices& prices) {
    auto all = prices.subscribe("*");
    int count = 0;
    while (auto price = co_await all.next()) ++count;  // until the broadcast is shut down
    std::printf("log: %d prices\n", count);
}

asyncio::Coro<> display_fruit(Prices& prices) {
    // Only the newest matters: an older one that was not taken yet makes room for it.
    auto fruit = prices.subscribe("fruit.*", {.maxsize = 1, .when_full = asyncio::SlowSubscriber::drop_oldest});
    while (auto price = co_await fruit.next()) {
        std::printf("display: %s %d\n", price->topic.c_str(), price->item);
        co_await asyncio::sleep(200ms);
    }
    std::printf("display: missed %d\n", static_cast<int>(fruit.dropped()));
}

asyncio::Coro<> amain() {
    Prices prices;
    auto log = asyncio::create_task(log_all(prices));
    auto display = asyncio::create_task(display_fruit(prices));
    co_await asyncio::sleep(0ms);  // both subscribe
    for (int price = 1; price <= 3; ++price) {
        co_await prices.publish("fruit.apple", price);  // would wait for a subscriber who wants that
        co_await prices.publish("tool.hammer", 10 * price);
        co_await asyncio::sleep(0ms);
    }
    prices.shutdown();
    co_await log;
    co_await display;
}

int main() {
    asyncio::run(amain());
}
