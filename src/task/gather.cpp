#include <asyncio/task/gather.hpp>

#include <asyncio/task/await_edge.hpp>

#include <cstddef>

namespace asyncio::detail {

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winvalid-offsetof"
AwaitEdge GatherCore::edge_{&on_done, 1, offsetof(Child, gathering) - offsetof(Child, fire) + offsetof(DoneNode, fire),
                            0,        0, true};
#pragma GCC diagnostic pop

void GatherCore::start(std::span<Child> children, std::span<FuturePtr> futures) {
    children_ = children;
    for (std::size_t i = 0; i < children_.size(); ++i) {
        Child& child = children_[i];
        child.gathering = this;
        if (futures[i]->done()) {
            child.done = std::move(futures[i]);
        } else {
            child.state = Child::State::waiting;
            child.waiting_for = futures[i].get();
            child.waiting_for->enter(child);
            retain();
        }
    }
    if (children_.empty()) {
        collect();
        set_finished();
    }
    // Only now that all are entered: a gathering of nothing but done futures is done at once, one that fails at once
    // still looks after the others.
    for (Child& child : children_)
        if (child.state == Child::State::queued) count(child);
}

void GatherCore::on_done(DoneNode& node, Turn turn) noexcept {
    auto& child = static_cast<Child&>(node);
    FutureCore* const future = std::exchange(child.waiting_for, nullptr);
    if (turn == Turn::drop) {
        child.state = Child::State::lost;
        child.gathering->release();
        return;
    }
    child.state = Child::State::queued;
    child.done = FuturePtr(future);
    child.gathering->loop().make_ready(child);
}

void GatherCore::on_turn(ReadyNode& node, Turn turn) {
    auto& child = static_cast<Child&>(node);
    const auto self = IntrusivePtr<GatherCore>::adopt(child.gathering);
    if (turn == Turn::run) self->count(child);
}

void GatherCore::count(Child& child) {
    ++counted_;
    child.state = Child::State::counted;
    if (done()) {
        if (child.done) static_cast<void>(child.done->outcome_error());  // retrieved: nobody else will ask for it
        child.done = nullptr;
        return;
    }
    if (!return_exceptions_) {
        if (std::exception_ptr error = child.done ? child.done->outcome_error() : cancel_error_) {
            set_exception(std::move(error));
            return release_children();
        }
    }
    if (counted_ == children_.size()) finish();
}

void GatherCore::finish() {
    if (cancel_error_) {
        // The message that reached the last child in the order of the arguments, as in CPython, unless that one
        // refused.
        const Child& last = children_.back();
        const bool cancelled = last.done && last.done->cancelled();
        set_exception(cancelled ? last.done->outcome_error() : cancel_error_);
    } else {
        try {
            collect();
        } catch (...) {
            set_exception(std::current_exception());
            return release_children();
        }
        set_finished();
    }
    release_children();
}

/// The children that are counted are not needed any more; those that are queued are still to be marked as retrieved.
void GatherCore::release_children() noexcept {
    for (Child& child : children_)
        if (child.state == Child::State::counted) child.done = nullptr;
}

bool GatherCore::cancel(std::string_view message) noexcept {
    report_unretrieved_ = false;
    if (done() || cancelling_) return false;
    bool accepted = false;
    cancelling_ = true;
    for (Child& child : children_) accepted |= cancel_child(child, message);
    cancelling_ = false;
    if (accepted) cancel_error_ = make_cancelled_error(message);
    return accepted;
}

bool GatherCore::cancel_child(Child& child, std::string_view message) noexcept {
    if (child.waiting_for != nullptr) return child.waiting_for->cancel(message);
    if (child.done) return child.done->cancel(message);
    if (child.state != Child::State::lost || loop_->closed()) return false;
    // The future is gone, but whoever awaits the gathering hears of the cancellation all the same.
    child.state = Child::State::queued;
    retain();
    loop_->make_ready(child);
    return true;
}

}  // namespace asyncio::detail
