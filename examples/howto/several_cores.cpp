// Several cores: computing in a pool of threads, and two loops that talk to each other.

#include <asyncio/asyncio.hpp>

#include <cstdio>
#include <future>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

int count_primes(int from, int to) {
    int count = 0;
    for (int n = from; n < to; ++n) {
        bool prime = n > 1;
        for (int d = 2; prime && d * d <= n; ++d) prime = n % d != 0;
        count += prime;
    }
    return count;
}

// Computing: the pool uses all cores, the loop stays free.
asyncio::Coro<> compute() {
    asyncio::futures::ThreadPoolExecutor pool({.max_workers = 4});
    auto& loop = asyncio::get_running_loop();
    std::vector<asyncio::Future<int>> parts;
    for (int n = 0; n < 40'000; n += 10'000) parts.push_back(loop.run_in_executor(pool, count_primes, n, n + 10'000));
    int sum = 0;
    for (int part : co_await asyncio::gather(parts)) sum += part;
    std::printf("%d primes\n", sum);
    co_await pool.aclose();
}

asyncio::Coro<int> twice(int n) {
    co_await asyncio::sleep(5ms);
    co_return 2 * n;
}

// A second loop in a thread of its own. It shares nothing with ours; coroutines go over by run_coroutine_threadsafe.
asyncio::Coro<> ask_the_other_loop() {
    std::promise<asyncio::EventLoop*> ready;
    std::thread other([&ready] {
        auto loop = asyncio::new_event_loop();
        loop->call_soon([&ready, &loop] { ready.set_value(loop.get()); });
        loop->run_forever();
        loop->close();
    });
    asyncio::EventLoop& loop = *ready.get_future().get();
    auto answer = asyncio::wrap_future(asyncio::run_coroutine_threadsafe(twice(21), loop));
    std::printf("%d from the other loop\n", co_await answer);
    loop.call_soon_threadsafe([&loop] { loop.stop(); });
    other.join();
}

asyncio::Coro<> amain() {
    co_await compute();
    co_await ask_the_other_loop();
}

int main() {
    asyncio::run(amain());
}
