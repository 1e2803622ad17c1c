#include <asyncio/net/operation_awaiter.hpp>

namespace asyncio::detail {

[[gnu::hot]] OperationAwaiter::~OperationAwaiter() {
    if (!pending) return;
    loop_.driver().cancel(*this);
    if (task_ != nullptr) destroyed_while_waiting();
}

bool OperationAwaiter::await_ready() {
    if (task_ != nullptr) [[unlikely]]
        throw_already_awaited();
    loop_.check_open();
    return loop_.driver().start(*this);
}

bool OperationAwaiter::cancel(std::string_view message) noexcept {
    if (!pending) return false;
    if (loop_.driver().cancel(*this)) {
        accept_cancel(message);
    } else {
        // The driver has to be waited for, and CancelledError waits with it.
        cancelled_ = make_cancelled_error(message);
    }
    return true;
}

[[gnu::hot]] void OperationAwaiter::completed(Operation& operation) noexcept {
    auto& self = static_cast<OperationAwaiter&>(operation);
    if (self.task_ == nullptr) return;
    if (self.cancelled_) {
        self.task_->wake_with(std::move(self.cancelled_));
    } else {
        self.proceed();
    }
}

}  // namespace asyncio::detail
