// A coroutine driven by hand. It works because nothing in it has to wait: what waits needs a loop that wakes it.

#include "say.hpp"

Coro<std::string> sleepy() {
    co_await asyncio::sleep(1s);
    co_return "never";
}

int main() {
    std::puts(say_helloworld().send().c_str());
    try {
        std::puts(sleepy().send().c_str());
    } catch (const asyncio::RuntimeError& error) {
        std::puts(error.what());
    }
    return 0;
}
