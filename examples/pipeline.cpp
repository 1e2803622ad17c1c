// A pipeline: three workers fetch pages, one counts their words, one writes the results down. Bounded queues between
// them hold a fast stage up until the next has caught up.

#include <asyncio/asyncio.hpp>

#include <cstdio>
#include <sstream>
#include <string>

using namespace std::chrono_literals;

asyncio::Coro<std::string> fetch(int page) {
    co_await asyncio::sleep(2ms);
    std::string text = "page";
    for (int i = 1; i < page; ++i) text += " word";
    co_return text;
}

asyncio::Coro<int> count_words(std::string text) {
    std::istringstream words(text);
    int count = 0;
    for (std::string word; words >> word;) ++count;
    co_return count;
}

asyncio::Coro<> amain() {
    int total = 0;
    const auto add = [&](int count) -> asyncio::Coro<> {
        total += count;
        co_return;
    };
    // What a stage throws ends all of it, and comes out of the group.
    co_await asyncio::async_with(asyncio::TaskGroup(), [&](asyncio::TaskGroup& group) -> asyncio::Coro<> {
        auto pipeline =
            asyncio::Pipeline<int>(group, 2).stage(fetch, {.workers = 3, .capacity = 2}).stage(count_words).stage(add);
        for (int page = 1; page <= 10; ++page) co_await pipeline.put(page);  // waits while the first stage is full
    });                                                                      // until all is through
    std::printf("%d words\n", total);
}

int main() {
    asyncio::run(amain());
}
