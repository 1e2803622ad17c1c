// Time limits: for one await, for a block of them, one that moves, and giving up without cancelling.

#include <asyncio/asyncio.hpp>

#include <cstdio>
#include <string>

using namespace std::chrono_literals;

asyncio::Coro<std::string> answer(asyncio::Clock::duration time) {
    try {
        co_await asyncio::sleep(time);
    } catch (const asyncio::CancelledError&) {
        std::puts("  answer: cancelled");
        throw;
    }
    co_return "42";
}

asyncio::Coro<> one_await() {
    try {
        co_await asyncio::wait_for(answer(1h), 10ms);
    } catch (const asyncio::TimeoutError&) {
        std::puts("one await: too late");
    }
}

// The limit is for all of the block.
asyncio::Coro<> a_block() {
    auto body = [](auto&) -> asyncio::Coro<> {
        co_await answer(10ms);
        std::puts("  first part done");
        co_await answer(1h);
    };
    try {
        co_await asyncio::async_with(asyncio::timeout(500ms), body);
    } catch (const asyncio::TimeoutError&) {
        std::puts("a block: too late");
    }
}

// A limit for silence: each sign of life moves it.
asyncio::Coro<> a_moving_limit() {
    auto body = [](asyncio::Timeout& limit) -> asyncio::Coro<> {
        for (int i = 0; i < 3; ++i) {
            co_await asyncio::sleep(200ms);
            limit.reschedule(asyncio::get_running_loop().time() + 500ms);
        }
    };
    co_await asyncio::async_with(asyncio::timeout(500ms), body);
    std::puts("a moving limit: 600 ms of work, never silent for 500");
}

// The work goes on, and is asked again later.
asyncio::Coro<> without_cancelling() {
    auto task = asyncio::create_task(answer(300ms));
    try {
        co_await asyncio::wait_for(asyncio::shield(task), 10ms);
    } catch (const asyncio::TimeoutError&) {
        std::puts("not yet");
    }
    auto text = co_await task;
    std::printf("later: %s\n", text.c_str());
}

asyncio::Coro<> amain() {
    co_await one_await();
    co_await a_block();
    co_await a_moving_limit();
    co_await without_cancelling();
}

int main() {
    asyncio::run(amain());
}
