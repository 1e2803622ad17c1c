#pragma once

#include <asyncio/base/atomic.hpp>
#include <asyncio/executor/bound_call.hpp>
#include <asyncio/executor/job.hpp>
#include <asyncio/executor/loop_link.hpp>
#include <asyncio/executor/wrap_state.hpp>

#include <cstdint>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace asyncio::detail {

/// A job of an executor for a task that awaits it; the untyped part. Its outcome comes back through the loop's inbox.
///
///     pending ──run()──► running ──► delivered, or dropped when nobody wants it any more
///        └─the future is cancelled──► revoked: run() only destroys the call
///
/// Call and outcome belong to the executor's thread until the delivery, the future to the loop's.
class LoopJob : public JobNode, public Delivery {
public:
    [[nodiscard]] bool begin() noexcept final {
        Phase pending = Phase::pending;
        if (phase_.compare_exchange_strong(pending, Phase::running, memory_acq_rel, memory_acquire)) return true;
        destroy_call();
        return false;
    }
    void release_job() noexcept final { release(); }
    void cancel() noexcept final {
        cancelled_ = true;
        deliver_unrun();
    }
    void fail(std::exception_ptr error) noexcept final {
        error_ = std::move(error);
        deliver_unrun();
    }

protected:
    LoopJob() noexcept : Delivery(true) {}

    virtual void destroy_call() noexcept = 0;
    /// Moves the value over.
    virtual void settle_value(FutureCore& future) = 0;

    std::exception_ptr error_;

private:
    enum class Phase : std::uint8_t { pending, running, revoked };

    void deliver_unrun() noexcept;
    void revoke() noexcept final;
    void settle(FutureCore& future) final;

    Atomic<Phase> phase_{Phase::pending};
    bool cancelled_ = false;
};

template <class Call>
class LoopJobOf final : public LoopJob {
public:
    using Result = typename Call::Result;

    explicit LoopJobOf(Call&& call) : call_(std::move(call)) {}

    void finish(JobEnd& end) noexcept override {
        try {
            if constexpr (std::is_void_v<Result>) {
                (*call_)();
            } else {
                outcome_.emplace((*call_)());
            }
        } catch (...) {
            error_ = std::current_exception();
        }
        call_.reset();
        end.before_delivery();
        post();
    }

private:
    void destroy_call() noexcept override { call_.reset(); }
    void settle_value(FutureCore& future) override { move_value(outcome_, static_cast<Slot<Result>&>(future.slot())); }

    std::optional<Call> call_;
    Slot<Result> outcome_;
};

}  // namespace asyncio::detail
