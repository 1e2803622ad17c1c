#pragma once

#include <asyncio/loop/driver.hpp>
#include <asyncio/task/waiter.hpp>

#include <coroutine>
#include <exception>
#include <string_view>
#include <utility>

namespace asyncio::detail {

/// Waits for one driver operation that lives in the awaiting frame; done at once if the driver can do it at once.
///
/// Cancellation: the operation is over before CancelledError is thrown. Where the driver can end it at once, it has not
/// happened, and nothing is lost.
class OperationAwaiter : public Waiter, protected Operation {
public:
    OperationAwaiter(LoopCore& loop, Kind kind, DescriptorPtr descriptor) noexcept
        : Operation(kind, std::move(descriptor), &completed),
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
        return result;
    }

    bool cancel(std::string_view message) noexcept override;

protected:
    /// The operation is over: called by the driver, so it only queues something.
    virtual void proceed() noexcept { wake(); }

    LoopCore& loop_;

private:
    static void completed(Operation& operation) noexcept;

    std::exception_ptr cancelled_;  // of a cancellation that the driver could not carry out at once
};

}  // namespace asyncio::detail
