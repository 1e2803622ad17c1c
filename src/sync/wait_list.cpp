#include <asyncio/sync/wait_list.hpp>

#include <asyncio/base/exceptions.hpp>
#include <asyncio/base/hexadecimal.hpp>
#include <asyncio/sync/deadlock.hpp>

namespace asyncio::detail {

bool ListedWaiter::cancel(std::string_view message) noexcept {
    if (!mark_cancelled()) return false;
    accept_cancel(message);
    return true;
}

bool ListedWaiter::mark_cancelled() noexcept {
    if (stage_ != Stage::waiting) return false;
    list_->cancelled(*this);
    return true;
}

bool ListedWaiter::leave() noexcept {
    if (list_ == nullptr) {
        stage_ = Stage::idle;
        return false;
    }
    list_->remove(*this);
    return true;
}

bool ListedWaiter::abandon_wait() noexcept {
    if (list_ == nullptr) return false;
    const Stage stage = stage_;
    list_->remove(*this);
    if (stage == Stage::waiting) destroyed_while_waiting();
    return stage == Stage::chosen;
}

void ListedWaiter::throw_awaited_again() const {
    if (stage_ != Stage::idle) throw RuntimeError("this wait is being awaited by another task already");
    throw_already_awaited();
}

WaitList::~WaitList() {
    while (ListedWaiter* waiter = entries_.pop_front()) {
        waiter->list_ = nullptr;
        if (waiter->stage_ != ListedWaiter::Stage::waiting) continue;  // its turn comes anyway
        waiter->stage_ = ListedWaiter::Stage::chosen;
        wake(waiter->task_->loop(), *waiter->node_);
    }
}

std::size_t WaitList::count_entries() const noexcept {
    std::size_t count = 0;
    for (const ListedWaiter* waiter = entries_.front(); waiter != nullptr; waiter = entries_.next(*waiter)) ++count;
    return count;
}

std::size_t WaitList::count_waiting() const noexcept {
    std::size_t count = 0;
    for (const ListedWaiter* waiter = next_; waiter != nullptr; waiter = entries_.next(*waiter))
        count += waiter->stage_ == ListedWaiter::Stage::waiting ? 1 : 0;
    return count;
}

void WaitList::adopt(WaitList& other, ListedWaiter& waiter) noexcept {
    const bool waiting = waiter.stage_ == ListedWaiter::Stage::waiting;
    other.remove(waiter);
    enter(waiter, *waiter.node_);
    if (!waiting) cancelled(waiter);
}

bool LoopBinding::bind(LoopCore& loop) noexcept {
    if (loop_) return false;
    loop_ = LoopPtr(&loop);
    loop.describe_deadlocks = &describe_deadlocks;
    return true;
}

void throw_other_loop(const std::string& primitive) {
    throw RuntimeError(primitive + " is bound to a different event loop");
}

void throw_destroyed(const char* primitive) {
    throw RuntimeError(std::string(primitive) + " destroyed while being awaited");
}

std::string name_at(const char* type, const void* address) {
    return std::string(type) + " at " + hexadecimal(address);
}

std::string repr_of(const char* type, const void* address, std::string extra, const WaitList& waiters) {
    const std::size_t count = waiters.count_entries();
    if (count > 0) extra += ", waiters:" + std::to_string(count);
    return "<" + name_at(type, address) + " [" + extra + "]>";
}

}  // namespace asyncio::detail
