#pragma once

#include <chrono>
#include <future>
#include <memory>
#include <thread>

namespace support {

/// Holds a thread up until the test lets it go: `gate.pass()` in the job, `gate.open()` in the test. After
/// `wait_until_entered()` the gate may be destroyed before the job has left it.
class Gate {
public:
    void pass() {
        const std::shared_ptr<State> state = state_;
        state->entered.set_value();
        state->opened.wait();
    }
    /// Waits until the thread has come.
    void wait_until_entered() { came_.wait(); }
    void open() { state_->open.set_value(); }

private:
    struct State {
        std::promise<void> entered;
        std::promise<void> open;
        std::shared_future<void> opened = open.get_future().share();
    };
    std::shared_ptr<State> state_ = std::make_shared<State>();
    std::future<void> came_ = state_->entered.get_future();
};

/// Gives way until the condition holds; false after a minute, which is long for a busy machine, too.
template <class Condition>
bool eventually(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
    return true;
}

}  // namespace support
