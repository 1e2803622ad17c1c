// Things that happen again and again: PeriodicTask as asyncio tutorials write it, and PeriodicCallback as in Tornado.

#include <asyncio/asyncio.hpp>

#include <cstdio>
#include <stdexcept>
#include <string>

using namespace std::chrono_literals;

void greet(const std::string& name, int& count) {
    std::printf("hello %s, number %d\n", name.c_str(), ++count);
}

// The first call happens inside start(), the next ones an interval after the end of the one before.
asyncio::Coro<> greetings() {
    asyncio::PeriodicTask periodic(200ms, greet, "world", 0);
    periodic.start();
    co_await asyncio::sleep(500ms);
    periodic.stop();
}

// On multiples of the period from start(); a coroutine is awaited, so that two of them never overlap.
asyncio::Coro<> polls() {
    auto finished = asyncio::get_running_loop().create_future<void>();
    int count = 0;
    const auto poll = [&]() -> asyncio::Coro<> {
        co_await asyncio::sleep(5ms);
        if (finished.done()) co_return;
        std::printf("poll %d\n", ++count);
        if (count == 2) throw std::runtime_error("no answer");
        if (count == 3) finished.set_result();
    };
    asyncio::PeriodicCallback periodic(poll, 10ms, {.jitter = 0.1});
    periodic.start();
    co_await finished;
}

asyncio::Coro<> amain() {
    // An exception in a PeriodicCallback is reported here, and the series goes on.
    asyncio::get_running_loop().set_exception_handler(
        [](auto&, const asyncio::ExceptionContext& context) { std::printf("%s\n", context.message.c_str()); });
    co_await greetings();
    co_await polls();
}

int main() {
    asyncio::run(amain());
}
