// An async generator: a stream of measurements, filtered by a second generator, and closed with an awaiting cleanup.

#include <asyncio/asyncio.hpp>

#include <cstdio>
#include <exception>

using namespace std::chrono_literals;

// Yields a reading every 10 ms. Whoever closes it waits until the sensor has been switched off.
asyncio::AsyncGenerator<int> readings() {
    std::exception_ptr error;
    try {
        for (int value = 20;; value += 3) {
            co_await asyncio::sleep(10ms);
            co_yield value;
        }
    } catch (...) {  // GeneratorExit or CancelledError; a handler may not await
        error = std::current_exception();
    }
    co_await asyncio::sleep(10ms);
    std::printf("sensor off\n");
    std::rethrow_exception(error);
}

asyncio::AsyncGenerator<int> even_ones(asyncio::AsyncGenerator<int>& numbers) {
    while (auto n = co_await numbers.next()) {
        if (*n % 2 == 0) co_yield *n;
    }
}

// With a second type, co_yield gives what asend() was given.
asyncio::AsyncGenerator<double, double> running_average() {
    double sum = 0;
    int count = 0;
    for (;;) {
        const auto sent = co_yield (count == 0 ? 0 : sum / count);
        if (!sent) continue;
        sum += *sent;
        ++count;
    }
}

asyncio::Coro<> amain() {
    auto average = running_average();
    co_await average.next();  // to its first co_yield

    co_await asyncio::async_with(asyncio::aclosing(readings()), [&](auto& sensor) -> asyncio::Coro<> {
        auto even = even_ones(*sensor);
        while (auto value = co_await even.next()) {
            const auto mean = co_await average.asend(*value);
            std::printf("%d, mean %.1f\n", *value, *mean);
            if (*value > 30) co_return;
        }
    });
    std::printf("done\n");
}

int main() {
    asyncio::run(amain());
}
