// A condition wakes one, several or all who wait, in the order of their coming; they go on once they have its lock.

#include "say.hpp"

#include <vector>

Coro<> task_should_wait(asyncio::Condition& condition, int number) {
    auto guard = co_await condition.guard();
    std::printf("Task-%d is waiting. [BLOCKING]\n", number);
    co_await condition.wait();
    std::printf("Task-%d received the notice. [RUNNING]\n", number);
    std::printf("Task-%d finished. [END]\n", number);
}

// Task-0 is notified first and runs late: this task takes the free lock again before Task-0 gets its turn, and is
// queued behind it the second time.
Coro<> notify_the_tasks(asyncio::Condition& condition) {
    co_await asyncio::sleep(100ms);
    for (int count = 1; count < 3; ++count) {
        auto guard = co_await condition.guard();
        std::printf("%d tasks will be notified\n", count);
        co_await asyncio::sleep(100ms);
        condition.notify(count);
    }
    auto guard = co_await condition.guard();
    std::puts("Remaining tasks will be notified");
    condition.notify_all();
}

Coro<> amain() {
    asyncio::Condition condition;
    std::vector<asyncio::Task<>> tasks;
    asyncio::create_task(notify_the_tasks(condition));  // handle dropped: the loop keeps the task
    for (int i = 0; i < 5; ++i) tasks.push_back(asyncio::create_task(task_should_wait(condition, i)));
    co_await asyncio::wait(tasks);
}

int main() {
    asyncio::run(amain());
    return 0;
}
