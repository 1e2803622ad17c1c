// Two transfers that take the same two locks in opposite orders wait for each other for ever. A third task finds them,
// and cancels one.

#include <asyncio/asyncio.hpp>

#include <cstdio>

using namespace std::chrono_literals;

struct Account {
    asyncio::Lock lock;
    int balance = 100;
};

asyncio::Coro<> transfer(Account& from, Account& to, int amount) {
    auto one = co_await from.lock.guard();
    co_await asyncio::sleep(1ms);
    auto two = co_await to.lock.guard();  // always taking the locks in the same order would be right
    from.balance -= amount;
    to.balance += amount;
}

asyncio::Coro<> watch() {
    while (true) {
        co_await asyncio::sleep(10ms);
        for (const asyncio::Deadlock& deadlock : asyncio::find_deadlocks()) {
            for (const asyncio::DeadlockedTask& member : deadlock.tasks)
                std::printf("%s waits for %s\n", member.task.get_name().c_str(), member.holder.get_name().c_str());
            deadlock.tasks.front().task.cancel();
        }
    }
}

asyncio::Coro<> amain() {
    Account a;
    Account b;
    auto watcher = asyncio::create_task(watch());
    auto there = asyncio::create_task(transfer(a, b, 30), {.name = "there"});
    auto back = asyncio::create_task(transfer(b, a, 20), {.name = "back"});
    co_await asyncio::gather(there, back, asyncio::return_exceptions);
    watcher.cancel();
    std::printf("there: %s, back: %s\n", there.cancelled() ? "cancelled" : "done",
                back.cancelled() ? "cancelled" : "done");
    std::printf("balances: %d and %d\n", a.balance, b.balance);
}

int main() {
    asyncio::run(amain());
}
