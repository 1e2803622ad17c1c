#include <asyncio/net/operation_awaiter.hpp>

#include <cerrno>

namespace asyncio::detail {

OperationAwaiter::~OperationAwaiter() {
    if (operation_.pending) loop_.driver().cancel(operation_);
}

bool OperationAwaiter::await_ready() {
    loop_.check_open();
    operation_.awaiter = this;
    return loop_.driver().start(operation_);
}

bool OperationAwaiter::cancel(std::string_view message) noexcept {
    if (!operation_.pending) return false;
    cancelled_ = true;
    if (loop_.driver().cancel(operation_)) {
        accept_cancel(message);
    } else {
        // The driver has to be waited for; the message waits with it.
        try {
            message_ = message;
        } catch (...) {
            // Out of memory: cancelled without the message.
        }
    }
    return true;
}

void OperationAwaiter::completed(Operation& operation) noexcept {
    OperationAwaiter& self = *static_cast<Waiting&>(operation).awaiter;
    if (self.task_ == nullptr) return;
    if (self.cancelled_) {
        self.accept_cancel(self.message_);
    } else {
        self.wake();
    }
}

}  // namespace asyncio::detail
