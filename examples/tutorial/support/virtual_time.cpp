// Runs a program of the tutorial on a virtual clock, and appends how long it took by that.
//
// usage: PROGRAM DRIVER, one of
//   simulated   sockets in memory
//   epoll       the system's

#include <asyncio/asyncio.hpp>
#include <asyncio/loop/driver/epoll.hpp>
#include <asyncio/loop/driver/simulated.hpp>

#include <cstdio>
#include <memory>
#include <string_view>

int example_main();

namespace {

using asyncio::Clock;

/// epoll with a clock that jumps to the next timer when nothing is ready.
class VirtualTimeEpoll final : public asyncio::EpollDriver {
public:
    [[nodiscard]] Clock::time_point now() noexcept override { return now_; }
    void wait(Clock::time_point deadline) override {
        const bool timed = deadline != Clock::time_point::min() && deadline != Clock::time_point::max();
        // What was sent to a socket may be under way for a moment, on a busy machine.
        const Clock::time_point real = now_ < deadline && io_pending() ? now_ + longest_way : Clock::time_point::min();
        EpollDriver::wait(timed ? real : deadline);
        if (timed && !events_left() && now_ < deadline) now_ = deadline;
    }

private:
    static constexpr std::chrono::milliseconds longest_way{50};

    Clock::time_point now_{std::chrono::seconds(1000)};
};

Clock::duration elapsed{};

/// Adds the time that passed on its clock to `elapsed`.
class TimedLoop final : public asyncio::EventLoop {
public:
    using EventLoop::EventLoop;
    ~TimedLoop() override { elapsed += time() - begin_; }

private:
    Clock::time_point begin_ = time();
};

template <class VirtualDriver>
class Policy final : public asyncio::DefaultEventLoopPolicy {
public:
    std::unique_ptr<asyncio::EventLoop> new_event_loop() override {
        return std::make_unique<TimedLoop>(std::make_unique<VirtualDriver>());
    }
};

}  // namespace

int main(int argc, char** argv) {
    const std::string_view driver = argc == 2 ? argv[1] : "";
    if (driver == "simulated") {
        asyncio::set_event_loop_policy(std::make_shared<Policy<asyncio::SimulatedDriver>>());
    } else if (driver == "epoll") {
        asyncio::set_event_loop_policy(std::make_shared<Policy<VirtualTimeEpoll>>());
    } else {
        std::fprintf(stderr, "usage: %s simulated|epoll\n", argv[0]);
        return 2;
    }
    const int status = example_main();
    asyncio::set_event_loop_policy(nullptr);  // with the old one go the loops that it owns
    std::printf("elapsed %g\n", std::chrono::duration<double>(elapsed).count());
    return status;
}
