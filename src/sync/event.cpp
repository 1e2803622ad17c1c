#include <asyncio/sync/event.hpp>

namespace asyncio {

namespace detail {

void EventWait::enter() {
    begin();
    if (!event_->binding_.accepts(*task_)) throw_other_loop(event_->repr());
    event_->waiters_.enter(*this, *task_);
}

void EventWait::finish() {
    static_cast<void>(leave());
    resumed();
    if (destroyed_) throw_destroyed("Event");
}

}  // namespace detail

Event::~Event() {
    for (auto* waiter = waiters_.front(); waiter != nullptr; waiter = waiters_.next(*waiter))
        static_cast<detail::EventWait*>(waiter)->orphan();
}

std::string Event::repr() const {
    return detail::repr_of("Event", this, set_ ? "set" : "unset", waiters_);
}

}  // namespace asyncio
