// Plain callbacks: soon, after a while, at a time of the loop's clock; and a date turned into such a time.

#include "say.hpp"

#include <chrono>
#include <iostream>

constexpr auto test = [](auto... args) {
    std::cout << "---------\nargs:";
    ((std::cout << ' ' << args), ...);
    std::cout << '\n';
};

// The loop's clock is monotonic and knows no date. call_at() with a system_clock time does not compile.
asyncio::Clock::time_point to_loop_time(asyncio::EventLoop& loop, std::chrono::system_clock::time_point when) {
    return loop.time() + (when - std::chrono::system_clock::now());
}

Coro<> amain(asyncio::EventLoop& loop) {
    using namespace std::chrono;
    loop.call_soon(test);
    loop.call_soon(test, 1, 2, 3);
    loop.call_soon([] { test(1, 2, 3, "a=a", "b=b"); });
    loop.call_later(1500300us, test, "delay call 1");
    loop.call_later(1500200us, test, "delay call 2");
    loop.call_at(to_loop_time(loop, sys_days{2018y / 1 / 31} + 15h + 8min + 30s), test, "timed call");  // past: at once
    loop.call_later(2s, [&loop] { loop.stop(); });
    co_return;
}

int main() {
    auto loop = asyncio::new_event_loop();
    loop->create_task(amain(*loop));
    loop->run_forever();
    loop->close();
    return 0;
}
