// Locks: one that keeps two withdrawals apart, a semaphore that limits connections, a condition that waits for a state.

#include <asyncio/asyncio.hpp>

#include <cstdio>

using namespace std::chrono_literals;

// Between the look at the balance and its change another task may run: the lock keeps it out.
asyncio::Coro<> withdraw(asyncio::Lock& lock, int& balance, int amount) {
    auto guard = co_await lock.guard();  // released at the end of the scope, however that is left
    if (balance < amount) {
        std::printf("no %d left\n", amount);
        co_return;
    }
    co_await asyncio::sleep(5ms);
    balance -= amount;
    std::printf("took %d, %d left\n", amount, balance);
}

asyncio::Coro<> connect(asyncio::Semaphore& connections, int number) {
    auto guard = co_await connections.guard();
    std::printf("connection %d opened\n", number);
    co_await asyncio::sleep(std::chrono::milliseconds(100 * number));
    std::printf("connection %d closed\n", number);
}

asyncio::Coro<> start_when_complete(asyncio::Condition& condition, const int& players) {
    auto guard = co_await condition.guard();
    co_await condition.wait_for([&] { return players == 3; });
    std::printf("three players: start\n");
}

asyncio::Coro<> join(asyncio::Condition& condition, int& players) {
    auto guard = co_await condition.guard();
    std::printf("player %d\n", ++players);
    condition.notify_all();
}

asyncio::Coro<> amain() {
    asyncio::Lock lock;
    int balance = 100;
    co_await asyncio::gather(withdraw(lock, balance, 80), withdraw(lock, balance, 50));

    asyncio::Semaphore connections(2);
    co_await asyncio::gather(connect(connections, 1), connect(connections, 2), connect(connections, 3));

    asyncio::Condition condition;
    int players = 0;
    co_await asyncio::gather(start_when_complete(condition, players), join(condition, players),
                             join(condition, players), join(condition, players));

    asyncio::current_task()->set_name("main");
    // A time limit goes around the wait; the task then leaves the line.
    co_await lock.acquire();
    try {
        co_await asyncio::wait_for(lock.acquire(), 5ms);
    } catch (const asyncio::TimeoutError&) {
        const auto now = lock.statistics();
        std::printf("held by %s, %zu waiting\n", now.holder.c_str(), now.waiters.waiters);
    }
    lock.release();
}

int main() {
    asyncio::run(amain());
}
