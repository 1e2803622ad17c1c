#pragma once

#include <asyncio/base/atomic.hpp>
#include <asyncio/base/cache_line.hpp>
#include <asyncio/base/frame_pool.hpp>
#include <asyncio/executor/bound_call.hpp>
#include <asyncio/executor/job.hpp>
#include <asyncio/executor/loop_link.hpp>
#include <asyncio/executor/wrap_state.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <new>
#include <optional>
#include <type_traits>
#include <utility>

namespace asyncio::detail {

/// The thread that made a value has its bytes in its processor's cache; whoever waits for it reads them next. Begins to
/// bring the ends, from where the processor goes on by itself.
template <class T>
void fetch_ends_of(const T& value) noexcept {
    if constexpr (requires {  // as strings and vectors do
                      requires sizeof(typename T::value_type) > 0;
                      { value.data() } noexcept -> std::same_as<const typename T::value_type*>;
                      { value.size() } noexcept -> std::same_as<std::size_t>;
                  }) {
        if (value.size() == 0) return;
        prefetch_line(value.data());
        prefetch_line(value.data() + value.size() - 1);
    }
}

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
    /// Loop's thread: its future was cancelled before it began.
    [[nodiscard]] bool revoked() const noexcept { return phase_.load(memory_relaxed) == Phase::revoked; }

    // The loop's thread takes its memory and gives it back.
    static void* operator new(std::size_t size) { return pool_allocate(size); }
    static void operator delete(void* block, std::size_t size) noexcept { pool_free(block, size); }
    // When the call is over-aligned:
    static void* operator new(std::size_t size, std::align_val_t alignment) { return ::operator new(size, alignment); }
    static void operator delete(void* block, std::size_t size, std::align_val_t alignment) noexcept {
        ::operator delete(block, size, alignment);
    }

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

    void run(JobEnd& end) noexcept override {
        if (!begin()) return release();
        call();
        if (!claim()) return release();  // destructors of what nobody wants are a part of the job
        end.before_post();
        send();
    }
    void finish(JobEnd& end) noexcept override {
        call();
        end.before_delivery();
        post();
    }

private:
    void call() noexcept {
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
    }
    void destroy_call() noexcept override { call_.reset(); }
    void settle_value(FutureCore& future) override {
        auto& slot = static_cast<Slot<Result>&>(future.slot());
        move_value(outcome_, slot);
        if constexpr (!std::is_void_v<Result> && !std::is_reference_v<Result>) detail::fetch_ends_of(slot.get());
    }

    std::optional<Call> call_;
    Slot<Result> outcome_;
};

}  // namespace asyncio::detail
