#include <asyncio/executor/loop_link.hpp>

#include "loop_threads.hpp"

#include <exception>
#include <thread>
#include <utility>

namespace asyncio::detail {

void LoopLink::connect(LoopCore& loop) {
    LoopThreads& threads = LoopThreads::of(loop);
    loop_ = &loop;
    retain();
    threads.links.push_back(*this);
}

bool LoopLink::post() noexcept {
    if (loop_ == nullptr) return false;  // connect() has failed
    State open = State::open;
    if (!state_.compare_exchange_strong(open, State::posting, memory_acq_rel, memory_acquire)) return false;
    // A loop refuses nothing before it has cut its links, and then waits until this is over.
    loop_->post(*this);
    state_.store(State::posted, memory_release);
    return true;
}

/// True when the other side has not posted, and never will.
bool LoopLink::take_back() noexcept {
    State found = State::open;
    if (state_.compare_exchange_strong(found, State::cut, memory_acq_rel, memory_acquire)) return true;
    while (found == State::posting) {
        std::this_thread::yield();
        found = state_.load(memory_acquire);
    }
    return false;
}

void LoopLink::cut() noexcept {
    if (!linked() || !take_back()) return;
    unlink();
    release();
}

void LoopLink::close() noexcept {
    unlink();
    if (!take_back()) return;  // it is in the loop's queue and is dropped from there
    closed();
    release();
}

void LoopLink::run_link(ReadyNode& node, Turn turn) {
    auto& self = static_cast<LoopLink&>(node);
    const IntrusivePtr<LoopLink> list_reference = IntrusivePtr<LoopLink>::adopt(&self);
    self.unlink();
    if (turn == Turn::run) {
        self.arrived();
    } else {
        self.closed();
    }
}

bool DeliveredCore::cancel(std::string_view message) noexcept {
    report_unretrieved_ = false;
    if (done()) return false;
    const FuturePtr keep(this);
    if (Delivery* from = from_) {
        const IntrusivePtr<Delivery> keep_delivery(from);
        static_cast<void>(from->take_future());
        from->revoke();
        from->cut();
    }
    return set_cancelled(message);
}

void Delivery::deliver_to(DeliveredCore& future) {
    connect(future.loop());
    future_ = IntrusivePtr<DeliveredCore>(&future);
    future.from_ = this;
}

FuturePtr Delivery::take_future() noexcept {
    const IntrusivePtr<DeliveredCore> future = std::move(future_);
    if (future) future->from_ = nullptr;
    return FuturePtr(future.get());
}

void Delivery::arrived() {
    const FuturePtr future = take_future();
    if (!future || future->done()) return;
    try {
        settle(*future);
    } catch (...) {
        if (!future->done()) future->set_exception(std::current_exception());
    }
}

void Delivery::closed() noexcept {
    static_cast<void>(take_future());
    abandoned();
}

}  // namespace asyncio::detail
