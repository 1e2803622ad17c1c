#pragma once

#include <asyncio/base/clock.hpp>
#include <asyncio/base/frame_pool.hpp>
#include <asyncio/base/intrusive_ptr.hpp>
#include <asyncio/base/light_traits.hpp>
#include <asyncio/loop/event_loop.hpp>
#include <asyncio/task/create_task.hpp>

#include <cstdint>
#include <exception>
#include <tuple>
#include <type_traits>
#include <utility>

namespace asyncio::detail {

/// How a series of calls goes.
struct PeriodicPlan {
    const char* name;  // in messages
    Clock::duration interval;
    EventLoop* loop = nullptr;       // the running one, if null
    double jitter = 0;               // of each interval, half up and half down
    bool first_at_once = false;      // inside start()
    bool drift = false;              // each interval begins at the end of the call before
    bool go_on_after_error = false;  // else the first error ends the series
};

/// A series of calls; the untyped part. At most one of "scheduled" and "busy" holds, so no two calls overlap.
///
///     stopped ──start()──► scheduled ──beat()──► busy: the function runs, or the task of its coroutine
///        ▲ ◄──stop()───────── │  ▲                 │
///        │                    │  └───── ended() ◄──┤
///        └─────────────────── error, or stop() meanwhile
///
/// Shared by the object that the user holds, the scheduled call and the coroutine that runs.
class PeriodicCore : public Pooled {
public:
    PeriodicCore(const PeriodicCore&) = delete;
    PeriodicCore& operator=(const PeriodicCore&) = delete;
    void retain() noexcept { ++references_; }
    void release() noexcept {
        if (--references_ == 0) delete this;
    }

    void start();
    void stop() noexcept;
    [[nodiscard]] bool running() const noexcept { return running_ && loop_ && !loop_->closed(); }

    /// The coroutine of the call has ended. Throws CancelledError, KeyboardInterrupt and SystemExit again.
    void ended(const std::exception_ptr& error);
    /// It never ran, or was destroyed.
    void abandoned() noexcept { busy_ = running_ = false; }

protected:
    /// Throws std::invalid_argument.
    explicit PeriodicCore(const PeriodicPlan& plan);
    virtual ~PeriodicCore() = default;
    /// Calls the function: true when it is over, false when it has become a task that holds a PeriodicCall.
    virtual bool call() = 0;
    [[nodiscard]] LoopCore& loop() const noexcept { return *loop_; }

private:
    void run_call(bool inside_start);
    void schedule_next();
    [[nodiscard]] Clock::time_point next_beat();

    std::uint32_t references_ = 0;
    bool running_ = false;
    bool busy_ = false;
    PeriodicPlan plan_;
    LoopPtr loop_;
    Clock::time_point beat_{};  // the last one; without drift
    TimerHandle handle_;
};

using PeriodicPtr = IntrusivePtr<PeriodicCore>;

/// Held by the coroutine of a call, to say how it ended.
class PeriodicCall {
public:
    explicit PeriodicCall(PeriodicPtr core) noexcept : core_(std::move(core)) {}
    PeriodicCall(PeriodicCall&&) noexcept = default;
    PeriodicCall& operator=(PeriodicCall&&) = delete;
    ~PeriodicCall() {
        if (core_) core_->abandoned();
    }
    void ended(const std::exception_ptr& error) { exchanged(core_, nullptr)->ended(error); }

private:
    PeriodicPtr core_;
};

template <class R>
Coro<> run_periodic_call(PeriodicCall call, Coro<R> coroutine) {
    std::exception_ptr error;
    try {
        static_cast<void>(co_await std::move(coroutine));
    } catch (...) {
        error = std::current_exception();
    }
    call.ended(error);
}

template <class F, class... Args>
class PeriodicOf final : public PeriodicCore {
public:
    template <class G, class... As>
    explicit PeriodicOf(const PeriodicPlan& plan, G&& function, As&&... args)
        : PeriodicCore(plan),
          call_(std::forward<G>(function), std::forward<As>(args)...) {}

private:
    bool call() override {
        const auto invoke = [this]() -> decltype(auto) {
            return std::apply([](F& function, Args&... args) -> decltype(auto) { return function(args...); }, call_);
        };
        if constexpr (is_coro<std::remove_cvref_t<decltype(invoke())>>) {
            auto coroutine = invoke();
            static_cast<void>(
                start_task(loop(), run_periodic_call(PeriodicCall(PeriodicPtr(this)), std::move(coroutine)), {}));
            return false;
        } else {
            static_cast<void>(invoke());
            return true;
        }
    }

    std::tuple<F, Args...> call_;
};

/// What PeriodicTask and PeriodicCallback have in common.
class PeriodicSeries {
public:
    PeriodicSeries(PeriodicSeries&&) noexcept = default;
    PeriodicSeries& operator=(PeriodicSeries&& other) noexcept {
        if (this != &other) {
            end();
            core_ = std::move(other.core_);
        }
        return *this;
    }
    /// As `stop()`.
    ~PeriodicSeries() { end(); }

    /// Begins the series; no effect when it is running. While a call of an earlier series is still in progress, the
    /// new one begins with the end of that.
    /// Throws RuntimeError when the loop is closed, or when none was given and none runs in this thread.
    void start() { core_->start(); }
    /// Ends the series, also from inside the function; the function is not called any more. A coroutine in progress
    /// goes on to its end. Idempotent, and no effect before `start()`. The series may be started again.
    void stop() noexcept { core_->stop(); }
    /// Between `start()` and `stop()`, or an error that ends the series, or the end of the loop.
    [[nodiscard]] bool is_running() const noexcept { return core_->running(); }

protected:
    template <class F, class... Args>
    explicit PeriodicSeries(const PeriodicPlan& plan, std::in_place_t, F&& function, Args&&... args)
        : core_(new PeriodicOf<std::decay_t<F>, std::decay_t<Args>...>(
              plan, (require_callable(function), std::forward<F>(function)), std::forward<Args>(args)...)) {}

private:
    void end() noexcept {
        if (core_) core_->stop();
    }

    PeriodicPtr core_;
};

}  // namespace asyncio::detail
