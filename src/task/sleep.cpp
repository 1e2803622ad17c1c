#include <asyncio/base/exceptions.hpp>
#include <asyncio/task/sleep.hpp>

namespace asyncio::detail {

void SleepAwaiter::start_timer() {
    LoopCore& loop = task_->loop();
    loop.schedule(timer_, saturating_add(loop.time(), delay_));
}

void SleepAwaiter::on_timer(ReadyNode& node, Turn turn) {
    SleepAwaiter& self = static_cast<Timer&>(node).sleeper;
    if (turn == Turn::drop) return;
    self.woken_ = true;
    self.wake();
}

bool SleepAwaiter::cancel(std::string_view message) noexcept {
    if (woken_) return false;
    woken_ = true;
    if (timer_.scheduled()) {
        task_->loop().cancel(timer_);
    } else {
        // It is due in this very iteration and stays in the ready queue, to do nothing.
        timer_.run = [](ReadyNode&, Turn) {};
    }
    accept_cancel(message);
    return true;
}

SleepAwaiter::~SleepAwaiter() {
    if (timer_.scheduled()) task_->loop().cancel(timer_);
}

}  // namespace asyncio::detail
