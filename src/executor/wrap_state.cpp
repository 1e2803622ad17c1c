#include <asyncio/executor/wrap_state.hpp>

namespace asyncio::detail {

void WrapLink::start(DeliveredCore& future) {
    deliver_to(future);
    retain();  // for the source's list
    source_->add(*this);
}

void WrapLink::fire(ConcurrentCore&) noexcept {
    post_and_release();
}

void WrapLink::revoke() noexcept {
    if (!source_->cancel()) leave_source();
}

void WrapLink::leave_source() noexcept {
    if (source_->remove(*this)) release();
}

void WrapLink::settle(FutureCore& future) {
    if (source_->cancelled()) {
        future.cancel({});
    } else if (const std::exception_ptr error = source_->slot().error) {
        future.set_exception(to_loop_error(error));
    } else {
        settle_value(*source_, future);
        future.set_finished();
    }
}

}  // namespace asyncio::detail
