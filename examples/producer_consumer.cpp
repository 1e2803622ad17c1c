// Two producers and three consumers with a bounded queue between them: the producers never get far ahead, and the
// consumers end when the last item is done.

#include <asyncio/asyncio.hpp>

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

using Queue = asyncio::Queue<std::string>;

asyncio::Coro<> produce(Queue& queue, std::string name) {
    for (int i = 1; i <= 3; ++i) co_await queue.put(name + std::to_string(i));  // waits while the queue is full
}

asyncio::Coro<> consume(Queue& queue, std::vector<std::string>& done) {
    while (auto item = co_await queue.next()) {  // nothing once the queue is shut down and empty
        co_await asyncio::sleep(2ms);
        done.push_back(*item);
    }
}

asyncio::Coro<> amain() {
    Queue queue(2);
    std::vector<std::string> done;
    co_await asyncio::async_with(asyncio::TaskGroup{}, [&](auto& group) -> asyncio::Coro<> {
        for (int i = 0; i < 3; ++i) group.create_task(consume(queue, done));
        co_await asyncio::gather(produce(queue, "a"), produce(queue, "b"));
        queue.shutdown();
    });
    const auto statistics = queue.statistics();
    std::printf("%zu items, at most %zu in the queue\n", done.size(), statistics.peak_size);

    // The most urgent first.
    asyncio::PriorityQueue<std::pair<int, std::string>> urgent;
    urgent.put_nowait({2, "sweep"});
    urgent.put_nowait({1, "put out the fire"});
    while (auto job = urgent.try_get()) std::printf("%d: %s\n", job->first, job->second.c_str());
}

int main() {
    asyncio::run(amain());
}
