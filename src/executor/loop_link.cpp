#include <asyncio/executor/loop_link.hpp>

#include "loop_threads.hpp"

#include <asyncio/base/cache_line.hpp>

#include <exception>
#include <utility>

namespace asyncio::detail {

namespace {

/// The next one, as a rule another link, has been brought as far as its first cache line, to be queued.
void fetch_rest_of(const ReadyNode* next) noexcept {
    if (next == nullptr) return;
    prefetch_line(next, line_size);
    prefetch_line(next, 2 * line_size);
}

}  // namespace

void LoopLink::connect(LoopCore& loop, LinkEntry& entry) {
    LoopThreads& threads = LoopThreads::of(loop);
    loop_ = &loop;
    entry_ = &entry;
    entry.link = this;
    retain();
    threads.links.push_back(entry);
}

bool LoopLink::claim() noexcept {
    State open = State::open;
    return loop_ != nullptr && state_.compare_exchange_strong(open, State::posted, memory_acq_rel, memory_relaxed);
}

void LoopLink::send() noexcept {
    loop_->post(*this);  // refuses nothing: a loop that closes waits until this has arrived
}

/// True when the other side has not posted, and never will.
bool LoopLink::take_back() noexcept {
    State open = State::open;
    return state_.compare_exchange_strong(open, State::cut, memory_acq_rel, memory_relaxed);
}

bool LoopLink::cut() noexcept {
    if (entry_ == nullptr || !take_back()) return false;
    std::exchange(entry_, nullptr)->unlink();
    release();
    return true;
}

bool LoopLink::close() noexcept {
    if (!take_back()) return false;
    std::exchange(entry_, nullptr)->unlink();
    closed();
    release();
    return true;
}

void LoopLink::run_link(ReadyNode& node, Turn turn) {
    auto& self = static_cast<LoopLink&>(node);
    struct Release {
        LoopLink& link;
        ~Release() { link.release(2); }  // the list's reference, and that of the one who has posted
    } const afterwards{self};
    fetch_rest_of(node.next);
    std::exchange(self.entry_, nullptr)->unlink();
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
        from_ = nullptr;
        from->revoke();
        if (from->cut()) static_cast<void>(from->take_future());  // else it needs the entry until it arrives
        LoopThreads::made(loop()).withdraw(*from);
    }
    return set_cancelled(message);
}

void Delivery::deliver_to(DeliveredCore& future) {
    connect(future.loop(), future.entry_);
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
