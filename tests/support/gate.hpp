#pragma once

#include <chrono>
#include <future>
#include <thread>

namespace support {

/// Holds threads up until the test lets them go: `gate.pass()` in the job, `gate.open()` in the test. `entered()` waits
/// until somebody is there.
class Gate {
public:
    void pass() {
        entered_.set_value();
        opened_.wait();
    }
    /// Waits until the first one has come.
    void wait_until_entered() { came_.wait(); }
    void open() { open_.set_value(); }

private:
    std::promise<void> entered_;
    std::future<void> came_ = entered_.get_future();
    std::promise<void> open_;
    std::shared_future<void> opened_ = open_.get_future().share();
};

/// Gives way until the condition holds; false after ten seconds.
template <class Condition>
bool eventually(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
    return true;
}

}  // namespace support
