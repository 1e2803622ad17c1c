#include <asyncio/task/as_completed.hpp>

#include <asyncio/base/exceptions.hpp>
#include <asyncio/loop/event_loop.hpp>

namespace asyncio::detail {

/// Waits until there may be something to take; as the getter of an asyncio.Queue.
class AsCompletedCore::Consumer : public Waiter, public ListHook {
public:
    explicit Consumer(AsCompletedCore& core) noexcept : core_(core) {}

    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <class P>
    void await_suspend(std::coroutine_handle<P> handle) {
        bind_to_current_task();
        core_.consumers_.push_back(*this);
        suspend(handle);
    }
    void await_resume() {
        try {
            resumed();
        } catch (...) {
            // Chosen, then cancelled: the choice falls on the next one.
            if (chosen_ && !core_.nothing_to_take()) core_.wake_consumer();
            throw;
        }
    }
    bool cancel(std::string_view message) noexcept override {
        if (!linked()) return false;
        unlink();
        accept_cancel(message);
        return true;
    }
    void choose() noexcept {
        chosen_ = true;
        wake();
    }

private:
    AsCompletedCore& core_;
    bool chosen_ = false;
};

AsCompletedCore::AsCompletedCore(LoopCore& loop, std::size_t capacity)
    : loop_(&loop),
      children_(new Child[capacity]()) {}

AsCompletedCore::~AsCompletedCore() {
    timer_.cancel();
}

void AsCompletedCore::add(FutureCore& future) {
    // As in WaitAwaiter::add: a future that was added before has our node at the end of its list, for now also one that
    // is done.
    const DoneNode* last = future.waiters().back();
    if (last != nullptr && last->fire == &on_done && static_cast<const Child*>(last)->core == this) return;
    Child& child = children_[count_++];
    child.core = this;
    child.future = FuturePtr(&future);
    future.enter(child);
}

void AsCompletedCore::start(const AsCompletedOptions& options) {
    if (count_ > 0 && options.timeout) timer_ = loop_->facade->call_later(*options.timeout, [this] { expire(); });
    unclaimed = waiting_ = count_;
    for (std::size_t i = 0; i < count_; ++i) {
        Child& child = children_[i];
        if (!child.future->done()) continue;
        child.unlink();
        queue(child);
    }
}

void AsCompletedCore::on_done(DoneNode& node, Turn turn) noexcept {
    auto& child = static_cast<Child&>(node);
    if (turn == Turn::run) child.core->queue(child);
}

void AsCompletedCore::queue(Child& child) noexcept {
    retain();
    loop_->make_ready(child);
}

void AsCompletedCore::on_turn(ReadyNode& node, Turn turn) {
    auto& child = static_cast<Child&>(node);
    const auto self = AsCompletedPtr::adopt(child.core);
    if (turn == Turn::run && self->waiting_ > 0) self->complete(child);
}

void AsCompletedCore::complete(Child& child) noexcept {
    (first_completed_ == nullptr ? first_completed_ : last_completed_->next) = &child;
    last_completed_ = &child;
    wake_consumer();
    if (--waiting_ == 0) timer_.cancel();
}

void AsCompletedCore::expire() noexcept {
    for (std::size_t i = 0; i < count_; ++i) children_[i].unlink();
    for (; waiting_ > 0; --waiting_) {
        ++expired_;
        wake_consumer();
    }
}

void AsCompletedCore::wake_consumer() noexcept {
    if (ListHook* consumer = consumers_.pop_front()) static_cast<Consumer*>(consumer)->choose();
}

Coro<FuturePtr> AsCompletedCore::wait_for_one(AsCompletedPtr self) {
    while (self->nothing_to_take()) co_await Consumer(*self);
    if (self->first_completed_ == nullptr) {
        --self->expired_;
        throw TimeoutError();
    }
    Child& child = *self->first_completed_;
    self->first_completed_ = child.next;
    co_return std::move(child.future);
}

}  // namespace asyncio::detail
