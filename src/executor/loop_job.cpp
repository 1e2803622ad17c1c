#include <asyncio/executor/loop_job.hpp>

#include <asyncio/executor/errors.hpp>

namespace asyncio::detail {

void LoopJob::deliver_unrun() noexcept {
    destroy_call();
    if (begin()) post();
}

void LoopJob::revoke() noexcept {
    Phase pending = Phase::pending;
    phase_.compare_exchange_strong(pending, Phase::revoked, memory_acq_rel, memory_acquire);
}

void LoopJob::settle(FutureCore& future) {
    if (cancelled_) {
        future.cancel({});
    } else if (error_) {
        future.set_exception(to_loop_error(error_));
    } else {
        settle_value(future);
        future.set_finished();
    }
}

}  // namespace asyncio::detail
