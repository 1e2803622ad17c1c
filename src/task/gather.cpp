#include <asyncio/task/gather.hpp>

#include <asyncio/task/await_edge.hpp>

#include <cstddef>
#include <span>
#include <utility>

namespace asyncio::detail {

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winvalid-offsetof"
AwaitEdge GatherCore::edge_{&on_done, 1, offsetof(Child, gathering) - offsetof(Child, fire) + offsetof(DoneNode, fire),
                            0,        0, true};
#pragma GCC diagnostic pop

std::span<GatherCore::Child> GatherCore::children() const noexcept {
    return {children_, size_};
}

void GatherCore::start(Child* first, FuturePtr* futures, std::size_t size) {
    children_ = first;
    size_ = size;
    for (std::size_t i = 0; i < size; ++i) {
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
    if (size == 0) {
        collect();
        set_finished();
    }
    // Only now that all are entered: a gathering of nothing but done futures is done at once, one that fails at once
    // still looks after the others.
    for (Child& child : children())
        if (child.state == Child::State::queued) count(child);
}

void GatherCore::on_done(DoneNode& node, Turn turn) noexcept {
    auto& child = static_cast<Child&>(node);
    FutureCore* const future = std::exchange(child.waiting_for, nullptr);
    if (turn == Turn::drop) {
        child.state = Child::State::lost;
        return release_iteratively(node, &give_up);
    }
    child.state = Child::State::queued;
    child.done = FuturePtr(future);
    child.gathering->loop().make_ready(child);
}

void GatherCore::give_up(DoneNode& node, Turn) noexcept {
    static_cast<Child&>(node).gathering->release();
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
    if (counted_ == size_) finish();
}

void GatherCore::finish() {
    if (cancel_error_) {
        // The message that reached the last child in the order of the arguments, as in CPython, unless that one
        // refused.
        const Child& last = children().back();
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
    for (Child& child : children())
        if (child.state == Child::State::counted) child.done = nullptr;
}

bool GatherCore::cancel_for(TaskCore* asking, std::string_view message) noexcept {
    report_unretrieved_ = false;
    if (done() || cancelling_) {
        if (asking != nullptr) asking->cancel_not_accepted(message);
        return false;
    }
    begin_cancel(nullptr, asking);
    for (GatherCore* current = this;;) {
        if (current->cancel_next_ < current->size_) {
            if (GatherCore* inner = current->cancel_child(current->children_[current->cancel_next_++], message))
                current = inner;
            continue;
        }
        GatherCore* const outer = current->cancel_outer_;
        const bool accepted = current->end_cancel(message);
        if (outer == nullptr) return accepted;
        current = outer;
    }
}

void GatherCore::begin_cancel(GatherCore* outer, TaskCore* asking) noexcept {
    retain();
    cancelling_ = true;
    cancel_outer_ = outer;
    cancel_asking_ = asking;
    cancel_next_ = 0;
    cancel_accepted_ = false;
}

/// All children were asked.
bool GatherCore::end_cancel(std::string_view message) noexcept {
    const auto keep = IntrusivePtr<GatherCore>::adopt(this);
    cancelling_ = false;
    if (cancel_accepted_) cancel_error_ = make_cancelled_error(message);
    if (cancel_asking_ != nullptr) {
        if (!cancel_accepted_) cancel_asking_->cancel_not_accepted(message);
    } else if (cancel_outer_ != nullptr) {
        cancel_outer_->cancel_accepted_ |= cancel_accepted_;
    }
    return cancel_accepted_;
}

/// Asks one child, or gives the gathering that is to be asked for it.
GatherCore* GatherCore::cancel_child(Child& child, std::string_view message) noexcept {
    FutureCore* const future = child.waiting_for != nullptr ? child.waiting_for : child.done.get();
    if (future == nullptr) {
        cancel_accepted_ |= cancel_lost(child);
    } else if (GatherCore* const inner = future->gathering()) {
        return cancel_inner(*inner, nullptr, message);
    } else if (future->is_task()) {
        TaskCore* asking = nullptr;
        GatherCore* awaited = nullptr;
        cancel_accepted_ |= static_cast<TaskCore*>(future)->begin_cancel(message, asking, awaited);
        if (awaited != nullptr) return cancel_inner(*awaited, asking, message);
    } else {
        cancel_accepted_ |= future->cancel(message);
    }
    return nullptr;
}

GatherCore* GatherCore::cancel_inner(GatherCore& inner, TaskCore* asking, std::string_view message) noexcept {
    inner.report_unretrieved_ = false;
    if (!inner.done() && !inner.cancelling_) {
        inner.begin_cancel(this, asking);
        return &inner;
    }
    if (asking != nullptr) {
        if (inner.done()) {
            asking->cancel_not_accepted(message);
        } else {
            asking->cancel_came_round(message);
        }
    }
    return nullptr;
}

bool GatherCore::cancel_lost(Child& child) noexcept {
    if (child.state != Child::State::lost || loop_->closed()) return false;
    // The future is gone, but whoever awaits the gathering hears of the cancellation all the same.
    child.state = Child::State::queued;
    retain();
    loop_->make_ready(child);
    return true;
}

}  // namespace asyncio::detail
