#pragma once

#include <asyncio/loop/driver.hpp>
#include <asyncio/task/waiter.hpp>

#include <coroutine>
#include <string>
#include <string_view>
#include <utility>

namespace asyncio::detail {

/// Waits for one driver operation that lives in the awaiting frame; done at once if the driver can do it at once.
///
/// Cancellation: the operation is over before CancelledError is thrown. Where the driver can end it at once, it has not
/// happened, and nothing is lost.
class OperationAwaiter : public Waiter {
public:
    OperationAwaiter(LoopCore& loop, Operation::Kind kind, DescriptorPtr descriptor) noexcept
        : operation_(kind, std::move(descriptor), &completed),
          loop_(loop) {}
    ~OperationAwaiter();

    [[nodiscard]] bool await_ready();

    template <class P>
    void await_suspend(std::coroutine_handle<P> handle) {
        bind_to_current_task();
        suspend(handle);
    }

    /// The result, or a negative errno.
    std::int64_t await_resume() {
        if (task_ != nullptr) resumed();
        return operation_.result;
    }

    bool cancel(std::string_view message) noexcept override;

protected:
    struct Waiting : Operation {
        using Operation::Operation;
        OperationAwaiter* awaiter = nullptr;
    } operation_;

private:
    static void completed(Operation& operation) noexcept;

    LoopCore& loop_;
    std::string message_;  // of a cancellation that the driver could not carry out at once
    bool cancelled_ = false;
};

}  // namespace asyncio::detail
