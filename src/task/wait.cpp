#include <asyncio/task/wait.hpp>

#include <asyncio/task/blockers.hpp>

#include <stdexcept>

namespace asyncio::detail {

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winvalid-offsetof"
AwaitEdge WaitAwaiter::edge_{&on_done,
                             2,
                             offsetof(Child, wait) - offsetof(Child, fire) + offsetof(DoneNode, fire),
                             offsetof(WaitAwaiter, task_),
                             0,
                             false};
#pragma GCC diagnostic pop

WaitAwaiter::WaitAwaiter(std::size_t count, const WaitOptions& options)
    : children_(new Child[count]()),
      options_(options) {}

WaitAwaiter::~WaitAwaiter() {
    if (task_ != nullptr) task_->loop().cancel(timer_);
}

bool WaitAwaiter::add(FutureCore& future) {
    // Between the calls of add nobody else enters anywhere: a future that was added before has our node at its end.
    // That goes for a future that is done, too, which start() leaves again.
    const DoneNode* last = future.waiters().back();
    if (last != nullptr && last->fire == &on_done && static_cast<const Child*>(last)->wait == this) return false;
    Child& child = children_[count_++];
    child.wait = this;
    child.future = &future;
    future.enter(child);
    return true;
}

void WaitAwaiter::start() {
    left_ = count_;
    if (options_.timeout) {
        LoopCore& loop = task_->loop();
        loop.schedule(timer_, saturating_add(loop.time(), *options_.timeout));
    }
    for (std::size_t i = 0; i < count_; ++i) {
        Child& child = children_[i];
        if (!child.future->done()) continue;
        child.unlink();
        count_down(*child.future);
    }
}

void WaitAwaiter::name_blockers(Blockers& blockers) const {
    blockers.over = woken_ || decision_.taken;
    if (options_.return_when == FIRST_COMPLETED) blockers.one_of = left_;
}

void WaitAwaiter::on_done(DoneNode& node, Turn turn) noexcept {
    auto& child = static_cast<Child&>(node);
    if (turn == Turn::run) child.wait->count_down(*child.future);
}

/// Counts at the moment at which CPython queues its callback, and only the callback that decides is queued: the others
/// would have no effect.
void WaitAwaiter::count_down(FutureCore& future) noexcept {
    --left_;
    if (woken_ || decision_.taken) return;
    const bool failed = future.state() == FutureCore::State::failed;
    if (left_ > 0 && options_.return_when != FIRST_COMPLETED && !(options_.return_when == FIRST_EXCEPTION && failed))
        return;
    decision_.taken = true;
    task_->loop().make_ready(decision_);
}

void WaitAwaiter::on_decision(ReadyNode& node, Turn turn) {
    WaitAwaiter& self = static_cast<Decision&>(node).wait;
    if (turn == Turn::run && !self.woken_) self.finish();
}

void WaitAwaiter::on_timer(ReadyNode& node, Turn turn) {
    WaitAwaiter& self = static_cast<Timer&>(node).wait;
    if (turn == Turn::run && !self.woken_) self.finish();
}

void WaitAwaiter::finish() noexcept {
    leave();
    wake();
}

bool WaitAwaiter::cancel(std::string_view message) noexcept {
    if (woken_) return false;
    leave();
    accept_cancel(message);
    return true;
}

void WaitAwaiter::leave() noexcept {
    woken_ = true;
    task_->loop().cancel(timer_);
    for (std::size_t i = 0; i < count_; ++i) children_[i].unlink();
}

void throw_nothing_to_wait_for() {
    throw std::invalid_argument("Set of Tasks/Futures is empty.");
}

void check_wait_options(const WaitOptions& options) {
    if (options.return_when > ALL_COMPLETED)
        throw std::invalid_argument("Invalid return_when value: " +
                                    std::to_string(static_cast<int>(options.return_when)));
}

}  // namespace asyncio::detail
