// A blocking call in a thread, while the loop goes on: to_thread.

#include <asyncio/asyncio.hpp>

#include <cstdio>
#include <stdexcept>
#include <string>
#include <thread>

using namespace std::chrono_literals;

/// Stands for a library that knows nothing of coroutines.
std::string slow_query(const std::string& table, int rows) {
    if (rows < 0) throw std::invalid_argument("rows must not be negative");
    std::this_thread::sleep_for(300ms);
    return std::to_string(rows) + " rows of " + table;
}

/// Ticks until it is cancelled; counts how often the loop came by.
asyncio::Coro<> tick(int& ticks) {
    while (true) {
        co_await asyncio::sleep(5ms);
        ++ticks;
    }
}

asyncio::Coro<> amain() {
    int ticks = 0;
    auto ticker = asyncio::create_task(tick(ticks));

    std::printf("asking\n");
    const std::string answer = co_await asyncio::to_thread(slow_query, "users", 3);
    std::printf("answer: %s\n", answer.c_str());
    std::printf("the loop %s meanwhile\n", ticks > 0 ? "kept ticking" : "stood still");

    // An exception comes back with its type.
    try {
        co_await asyncio::to_thread(slow_query, "users", -1);
    } catch (const std::invalid_argument& error) {
        std::printf("error: %s\n", error.what());
    }

    // Nobody can stop a thread: after the time limit the call runs on, and its result is dropped.
    try {
        co_await asyncio::wait_for(asyncio::to_thread(slow_query, "orders", 9), 10ms);
    } catch (const asyncio::TimeoutError&) {
        std::printf("not waiting any longer\n");
    }

    // Two at once; a pool of one's own bounds how many.
    asyncio::futures::ThreadPoolExecutor pool({.max_workers = 2, .thread_name_prefix = "database"});
    asyncio::EventLoop& loop = asyncio::get_running_loop();
    auto [users, orders] = co_await asyncio::gather(loop.run_in_executor(pool, slow_query, "users", 1),
                                                    loop.run_in_executor(pool, slow_query, "orders", 2));
    std::printf("together: %s, %s\n", users.c_str(), orders.c_str());
    co_await pool.aclose();

    ticker.cancel();
    try {
        co_await ticker;
    } catch (const asyncio::CancelledError&) {
        std::printf("no more ticks\n");
    }
}

int main() {
    asyncio::run(amain());  // waits for the call that was given up
}
