#pragma once

#include <asyncio/base/light_traits.hpp>
#include <asyncio/base/standard/ranges.hpp>
#include <asyncio/executor/bound_call.hpp>
#include <asyncio/executor/concurrent_future.hpp>
#include <asyncio/executor/job.hpp>
#include <asyncio/executor/map_results.hpp>

#include <optional>
#include <type_traits>
#include <utility>

namespace asyncio {

namespace detail {

/// A submitted call and its future in one.
template <class Call>
class SubmittedJob final : public JobNode, public ConcurrentState<typename Call::Result> {
public:
    explicit SubmittedJob(Call&& call) : call_(std::move(call)) {}

    [[nodiscard]] bool begin() noexcept override {
        try {
            if (this->set_running_or_notify_cancel()) return true;
        } catch (const futures::InvalidStateError&) {
            // Somebody has completed the future from outside.
        }
        call_.reset();
        return false;
    }
    void finish(JobEnd& end) noexcept override {
        auto& slot = this->typed_slot();
        try {
            if constexpr (std::is_void_v<typename Call::Result>) {
                (*call_)();
            } else {
                slot.emplace((*call_)());
            }
        } catch (...) {
            slot.error = std::current_exception();
        }
        call_.reset();  // before anybody hears of the result
        ConcurrentCore::finish(end);
    }
    void cancel() noexcept override {
        ConcurrentCore::cancel();
        call_.reset();
    }
    void fail(std::exception_ptr error) noexcept override {
        ConcurrentCore::fail(std::move(error));
        call_.reset();
    }
    void release_job() noexcept override { ConcurrentCore::release(); }

private:
    std::optional<Call> call_;
};

}  // namespace detail

namespace futures {

/// Keyword arguments of `Executor::shutdown`.
struct ShutdownOptions {
    /// Block until all jobs have ended and no thread is left.
    bool wait = true;
    /// Cancel the jobs that have not started. Since 3.9.
    bool cancel_futures = false;
};
static_assert(detail::trivially_destructible<ShutdownOptions>);

/// Runs functions somewhere else. Derive from it to write one of your own: `execute` and `shutdown`.
///
/// Thread safety: every function may be called from every thread. Mirrors concurrent.futures.Executor (since 3.2).
class Executor {
public:
    Executor() noexcept = default;
    Executor(const Executor&) = delete;
    Executor& operator=(const Executor&) = delete;
    virtual ~Executor() = default;

    /// Has `f(args...)` run, with copies of both (move-only ones are moved in). Throws what the executor refuses jobs
    /// with; f is not run then. With GCC before 14, `co_await pool.submit([x] { … })` in one expression is refused when
    /// destroying the captures does anything: name the future first, or the lambda.
    template <class F, class... Args>
        requires detail::Job<F, Args...>
    decltype(auto) submit(F&& f, Args&&... args) {
        return submit_call<detail::safe_job<F, Args...>>(
            detail::bind_call(std::forward<F>(f), std::forward<Args>(args)...));
    }
    template <class F, class... Args>
        requires detail::CoroutineIsGivenInsteadOfJob<F, Args...>
    ASYNCIO_REFUSE(detail::TheCoroutineWouldNeverRunUseCreateTask submit(F&&, Args&&...))

    /// Calls `f` with the elements of the ranges, as many as the shortest has: all jobs are submitted at once, and the
    /// results come in the order of the input. Iterating blocks until the next one is there; an exception of a job is
    /// thrown at its element, which ends the iteration and cancels what has not started. So does destroying the
    /// results.
    ///
    ///     for (int length : pool.map(measure, names)) …
    ///
    /// The iteration throws TimeoutError when a result is not there `options.timeout` after this call. Throws
    /// std::invalid_argument for a buffersize of 0.
    template <class F, std::ranges::input_range R>
    auto map(F f, R&& range, const MapOptions& options = {}) {
        return detail::make_map(*this, options, std::move(f), std::forward<R>(range));
    }
    /// The same with two arguments for each call.
    template <class F, std::ranges::input_range R1, std::ranges::input_range R2>
    auto map(F f, R1&& first, R2&& second, const MapOptions& options = {}) {
        return detail::make_map(*this, options, std::move(f), std::forward<R1>(first), std::forward<R2>(second));
    }
    /// The same with three.
    template <class F, std::ranges::input_range R1, std::ranges::input_range R2, std::ranges::input_range R3>
    auto map(F f, R1&& first, R2&& second, R3&& third, const MapOptions& options = {}) {
        return detail::make_map(*this, options, std::move(f), std::forward<R1>(first), std::forward<R2>(second),
                                std::forward<R3>(third));
    }

    /// Takes no further jobs. May be called again.
    virtual void shutdown(const ShutdownOptions& options = {}) = 0;

    /// Takes a job, to be run once. Throws to refuse it.
    virtual void execute(Job job) = 0;

private:
    template <bool safe, class Call>
    detail::MadeOf<Future<typename Call::Result>, safe> submit_call(Call&& call) {
        auto* job = new detail::SubmittedJob<Call>(std::move(call));
        Future<typename Call::Result> future(detail::ConcurrentPtr{job});
        execute(Job(*job));
        return future;
    }
};

}  // namespace futures
}  // namespace asyncio
