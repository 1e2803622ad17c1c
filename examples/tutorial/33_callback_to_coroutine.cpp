// Two styles meet: a library that answers by callbacks, made awaitable by a future; and a coroutine whose end a
// callback hears of.

#include "say.hpp"

#include <functional>
#include <stdexcept>

// Somebody else's library, which knows nothing of coroutines.
class Thermometer {
public:
    using OnValue = std::function<void(double)>;
    using OnError = std::function<void(const char*)>;

    explicit Thermometer(asyncio::EventLoop& loop) : loop_(loop) {}
    void read(const std::string& room, OnValue on_value, OnError on_error) {
        loop_.call_later(100ms, [=] { room == "attic" ? on_error("no sensor") : on_value(20.5); });
    }

private:
    asyncio::EventLoop& loop_;
};

Coro<double> temperature(Thermometer& thermometer, std::string room) {
    auto answer = asyncio::get_running_loop().create_future<double>();
    // Whoever waits may be cancelled before the answer comes: a future that is done takes no result any more.
    thermometer.read(
        room,
        [answer](double value) mutable {
            if (!answer.done()) answer.set_result(value);
        },
        [answer](const char* text) mutable {
            if (!answer.done()) answer.set_exception(std::runtime_error(text));
        });
    co_return co_await answer;
}

Coro<> amain() {
    Thermometer thermometer(asyncio::get_running_loop());
    std::printf("%.1f\n", co_await temperature(thermometer, "kitchen"));
    try {
        co_await temperature(thermometer, "attic");
    } catch (const std::runtime_error& error) {
        std::puts(error.what());
    }

    auto task = asyncio::create_task(temperature(thermometer, "hall"));
    task.add_done_callback([](auto done) { std::printf("callback: %.1f\n", done.result()); });
    co_await task;
}

int main() {
    asyncio::run(amain());
    return 0;
}
