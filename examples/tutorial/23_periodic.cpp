// A call that repeats itself, made of call_later(). The library has this ready-made: PeriodicTask, PeriodicCallback.

#include "say.hpp"

#include <functional>

class Periodic {
public:
    Periodic(asyncio::EventLoop& loop, asyncio::Clock::duration every, std::function<void()> function)
        : loop_(loop),
          every_(every),
          function_(std::move(function)) {}
    ~Periodic() { stop(); }  // the callback below must not outlive this object

    void start() {
        stopped_ = false;
        tick();
    }
    void stop() {
        stopped_ = true;
        next_.cancel();
    }

private:
    void tick() {
        std::printf("The %d times execution, ", ++counter_);
        function_();
        if (!stopped_) next_ = loop_.call_later(every_, [this] { tick(); });
    }

    asyncio::EventLoop& loop_;
    asyncio::Clock::duration every_;
    std::function<void()> function_;
    asyncio::TimerHandle next_;
    int counter_ = 0;
    bool stopped_ = true;
};

int main() {
    auto loop = asyncio::new_event_loop();
    int left = 4;
    Periodic periodic(*loop, 1s, [&] {
        std::printf("sum is %d\n", 7 + 8 + 9);
        if (--left > 0) return;
        periodic.stop();  // from inside, too
        loop->stop();
    });
    periodic.start();
    loop->run_forever();
    loop->close();
    return 0;
}
