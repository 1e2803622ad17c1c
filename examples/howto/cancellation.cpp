// Cancelling, cleaning up on the way out, and the errors of several tasks.

#include <asyncio/asyncio.hpp>

#include <cstdio>
#include <stdexcept>
#include <string>

using namespace std::chrono_literals;

// What needs no await is done by destructors. What does is the second function of async_finally.
asyncio::Coro<> use_connection(std::string name) {
    auto work = [&]() -> asyncio::Coro<> {
        std::printf("%s: working\n", name.c_str());
        co_await asyncio::sleep(1h);
    };
    auto goodbye = [&]() -> asyncio::Coro<> {
        co_await asyncio::sleep(5ms);
        std::printf("%s: said goodbye\n", name.c_str());
    };
    co_await asyncio::async_finally(work, goodbye);
}

asyncio::Coro<> cancel_and_wait() {
    auto task = asyncio::create_task(use_connection("first"));
    co_await asyncio::sleep(5ms);
    task.cancel();
    try {
        co_await task;  // until the clean-up is through
    } catch (const asyncio::CancelledError&) {
        std::puts("first: ended");
    }
}

asyncio::Coro<> fail(std::string text) {
    throw std::runtime_error(text);
    co_return;
}

// A failure ends the others of the group, and the group waits for their clean-up.
asyncio::Coro<> one_for_all() {
    auto body = [](asyncio::TaskGroup& group) -> asyncio::Coro<> {
        group.create_task(use_connection("second"));
        group.create_task(fail("disk full"));
        group.create_task(fail("no route"));
        co_return;
    };
    std::exception_ptr error;
    try {
        co_await asyncio::async_with(asyncio::TaskGroup{}, body);
    } catch (...) {
        error = std::current_exception();
    }
    auto show = [](const asyncio::ExceptionGroup& group) {
        for (const auto& one : group.exceptions()) {
            try {
                std::rethrow_exception(one);
            } catch (const std::exception& failure) {
                std::printf("failed: %s\n", failure.what());
            }
        }
    };
    asyncio::except_star(error).on<std::runtime_error>(show).finish();
}

asyncio::Coro<> amain() {
    co_await cancel_and_wait();
    co_await one_for_all();
}

int main() {
    asyncio::run(amain());
}
