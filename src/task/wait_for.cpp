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
    if (future.cancelled()) throw TimeoutError(future.outcome_error());
}

}  // namespace asyncio::detail
