// One producer, three consumers, a queue between them; join() waits until every item is marked as done.
//
// When item 3 is put, consumer c wakes at the same instant: were it first, it would find the queue empty and end, and
// join() would wait for ever. Equal timers run in the order in which they were set, so it is not.

#include "say.hpp"

#include <vector>

Coro<> consumer(char name, asyncio::Queue<int>& queue) {
    std::printf("Consumer %c starting\n", name);
    do {
        int item = co_await queue.get();
        std::printf("Consumer %c has item %d\n", name, item);
        co_await asyncio::sleep(10ms * item);
        std::printf("Consumer %c mark item %d as done\n", name, item);
        queue.task_done();
    } while (!queue.empty());
    std::printf("Consumer %c ending\n", name);
}

Coro<> producer(asyncio::Queue<int>& queue) {
    std::puts("Producer starting");
    for (int i = 0; i < 5; ++i) {
        co_await asyncio::sleep(20ms);
        co_await queue.put(i);
        std::printf("Producer put item %d to the queue\n", i);
    }
    std::puts("Producer waiting for queued items to be done.");
    co_await queue.join();
    std::puts("Producer ending");
}

Coro<> amain() {
    asyncio::Queue<int> queue;
    std::vector<asyncio::Task<>> tasks;
    for (char name : {'a', 'b', 'c'}) tasks.push_back(asyncio::create_task(consumer(name, queue)));
    tasks.push_back(asyncio::create_task(producer(queue)));
    co_await asyncio::wait(tasks);
}

int main() {
    asyncio::run(amain());
    return 0;
}
