#pragma once

#include <asyncio/base/standard/ranges.hpp>
#include <asyncio/executor/map_results.hpp>
#include <asyncio/executor/remote.hpp>
#include <asyncio/executor/thread_pool_executor.hpp>

#include <cstddef>
#include <exception>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace asyncio {

namespace futures {

/// An exception of a job whose type is not registered (`register_remote_exception`), or of an initializer. Mirrors
/// concurrent.interpreters.ExecutionFailed (since 3.14).
class ExecutionFailed : public RemoteError {
public:
    /// With the name of the exception's type, and its text.
    using RemoteError::RemoteError;
};

/// The initializer of a thread has failed; `cause()` is the ExecutionFailed that says how. Mirrors
/// concurrent.futures.interpreter.BrokenInterpreterPool (since 3.14).
class BrokenInterpreterPool : public BrokenThreadPool {
public:
    /// See `cause()`.
    BrokenInterpreterPool(const std::string& what, std::exception_ptr cause)
        : BrokenThreadPool(what),
          cause_(std::move(cause)) {}

    /// The ExecutionFailed of the initializer.
    [[nodiscard]] const std::exception_ptr& cause() const noexcept { return cause_; }

private:
    std::exception_ptr cause_;
};

}  // namespace futures

namespace detail {

struct OnlyFunctionsWithANameGoToAnInterpreterUseAsyncioRemote;

/// Makes a call that was written as bytes. Throws ExecutionFailed in place of RemoteError.
[[nodiscard]] std::string answer_interpreted(const std::string& request);

/// A job of which nothing is shared with whoever asked for it.
template <class R>
class InterpretedCall {
public:
    explicit InterpretedCall(std::string request) noexcept : request_(std::move(request)) {}

    R operator()() const {
        const std::string reply = answer_interpreted(request_);
        return decode_reply<R>(std::as_bytes(std::span(reply)));
    }

private:
    std::string request_;
};

}  // namespace detail

namespace futures {

/// Runs jobs in threads that share nothing mutable through their jobs: functions that are named by `asyncio::remote`,
/// with copies of arguments and results by their codecs, as a ProcessPoolExecutor has them, without processes. State of
/// a thread belongs into `thread_local` variables, which the initializer fills.
///
///     asyncio::futures::InterpreterPoolExecutor pool({.max_workers = 2, .initializer = [] { model = load_model(); }});
///     const double score = co_await pool.submit(asyncio::remote<&classify>, text);
///
/// C++ has no interpreters: global variables that are not thread_local are shared all the same.
/// Thread safety: every function may be called from every thread. Mirrors concurrent.futures.InterpreterPoolExecutor
/// (since 3.14).
class InterpreterPoolExecutor final {
public:
    /// As ThreadPoolExecutor; an initializer that throws breaks the pool with BrokenInterpreterPool.
    explicit InterpreterPoolExecutor(const ThreadPoolOptions& options = {});

    /// Has `f(args...)` run. What encoding the arguments throws becomes the exception of the future; an exception of f
    /// arrives as the same type where that is registered, else as ExecutionFailed. Throws what ThreadPoolExecutor does.
    template <auto F, class... Args>
    detail::MadeOf<Future<typename RemoteFunction<F>::result_type>, detail::safe_job<RemoteFunction<F>, Args...>>
    submit(RemoteFunction<F>, Args&&... args) {
        using R = typename RemoteFunction<F>::result_type;
        std::string request;
        try {
            request = encode_call<F>(std::forward<Args>(args)...);
        } catch (...) {
            Future<R> failed;
            failed.set_exception(std::current_exception());
            return failed;
        }
        return threads_.submit(detail::InterpretedCall<R>(std::move(request)));
    }
    template <class F, class... Args>
    detail::OnlyFunctionsWithANameGoToAnInterpreterUseAsyncioRemote submit(F&&, Args&&...) = delete;

    /// As Executor::map.
    template <auto F, std::ranges::input_range R>
    auto map(RemoteFunction<F> function, R&& range, const MapOptions& options = {}) {
        return detail::make_map(*this, options, function, std::forward<R>(range));
    }
    /// The same with two arguments for each call.
    template <auto F, std::ranges::input_range R1, std::ranges::input_range R2>
    auto map(RemoteFunction<F> function, R1&& first, R2&& second, const MapOptions& options = {}) {
        return detail::make_map(*this, options, function, std::forward<R1>(first), std::forward<R2>(second));
    }

    /// See ThreadPoolExecutor.
    void shutdown(const ShutdownOptions& options = {}) { threads_.shutdown(options); }
    /// See ThreadPoolExecutor.
    [[nodiscard]] Coro<> aclose(bool cancel_futures = false) { return threads_.aclose(cancel_futures); }
    /// How many threads there are at present.
    [[nodiscard]] std::size_t threads() const { return threads_.threads(); }

private:
    ThreadPoolExecutor threads_;
};

}  // namespace futures
}  // namespace asyncio
