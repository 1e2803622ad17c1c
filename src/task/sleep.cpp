#include <asyncio/task/sleep.hpp>

#include <asyncio/base/exceptions.hpp>

namespace asyncio::detail {

void SleepAwaiter::start_timer() {
    LoopCore& loop = task_->loop();
    run = &on_timer;
    woken_ = false;
    loop.schedule(*this, saturating_add(loop.time(), when.time_since_epoch()));
}

void SleepAwaiter::on_timer(ReadyNode& node, Turn turn) {
    if (turn == Turn::drop) return;
    auto& self = static_cast<SleepAwaiter&>(node);
    self.woken_ = true;
    self.wake();
}

bool SleepAwaiter::cancel(std::string_view message) noexcept {
    if (woken_) return false;
    woken_ = true;
    if (scheduled()) {
        task_->loop().cancel(static_cast<TimerNode&>(*this));
    } else {
        // It is due in this very iteration and stays in the ready queue, to do nothing.
        run = [](ReadyNode&, Turn) {};
    }
    accept_cancel(message);
    return true;
}

/// It is destroyed while it waits.
void SleepAwaiter::abandon() noexcept {
    task_->loop().cancel(static_cast<TimerNode&>(*this));
    destroyed_while_waiting();
}

}  // namespace asyncio::detail
