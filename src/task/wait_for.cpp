#include <asyncio/task/wait_for.hpp>

#include <asyncio/base/exceptions.hpp>

#include <utility>

namespace asyncio::detail {

Coro<> cancel_and_wait(FuturePtr future) {
    struct Released {
        FutureCore& future;
        DoneCallbackId id;
        ~Released() { DoneCallback::remove(future, id); }
    };
    Future<void> waiter(*future->loop().facade);
    const auto release = [waiter](const AnyFuture&) {
        if (!waiter.done()) Future<void>(waiter).set_result();
    };
    const Released released{*future, add_done_callback<AnyFuture>(*future, release)};
    future->cancel({});
    co_await waiter;
}

void throw_if_timed_out(FutureCore& future) {
    // Not cancelled(): a gathering that was cancelled has failed with CancelledError.
    if (std::exception_ptr error = future.outcome_error(); is_cancelled_error(error)) throw TimeoutError(error);
}

}  // namespace asyncio::detail
