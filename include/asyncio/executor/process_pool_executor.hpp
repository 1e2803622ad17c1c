#pragma once

#include <asyncio/base/clock.hpp>
#include <asyncio/base/owner.hpp>
#include <asyncio/base/standard/chrono.hpp>
#include <asyncio/base/standard/memory.hpp>
#include <asyncio/base/standard/ranges.hpp>
#include <asyncio/executor/process_errors.hpp>
#include <asyncio/executor/process_map.hpp>
#include <asyncio/executor/remote_job.hpp>
#include <asyncio/executor/run_in_executor.hpp>
#include <asyncio/executor/worker_main.hpp>
#include <asyncio/loop/event_loop.hpp>
#include <asyncio/task/coro.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace asyncio {

namespace detail {
class ProcessPool;
struct OnlyFunctionsWithANameGoToAProcessUseAsyncioRemote;
}  // namespace detail

namespace futures {

/// How worker processes come to be. There is no plain fork: threads of this program may hold locks at that moment.
enum class StartMethod {
    /// Each is this program, started anew.
    spawn,
    /// Each is a copy of a process that has done nothing but start. Faster; what the constructors of global objects
    /// made, such as an open file, is shared by all.
    forkserver
};

/// What each worker process calls first: `{asyncio::remote<&load>, "model.bin"}`. The arguments are encoded at once.
class WorkerInitializer {
public:
    WorkerInitializer() noexcept;
    /// Each worker calls the function with these arguments. Throws what their codecs throw.
    template <auto F, class... Args>
    WorkerInitializer(RemoteFunction<F>, Args&&... args) : function_(RemoteFunction<F>::entry().name()) {
        ByteSink sink(request_, &shared_);
        detail::write_call<F>(sink, std::forward<Args>(args)...);
    }

    /// Used by the pool.
    [[nodiscard]] const std::string& request() const noexcept { return request_; }
    /// Used by the pool.
    [[nodiscard]] const detail::SharedFiles& shared() const noexcept { return shared_; }
    /// The name of the function; empty without one.
    [[nodiscard]] std::string_view function() const noexcept { return function_; }

private:
    std::string request_;  // empty without one
    detail::SharedFiles shared_;
    std::string_view function_;
};

/// Keyword arguments of `ProcessPoolExecutor`.
struct ProcessPoolOptions {
    /// How many processes at most. Default: one for each processor that this process may use.
    std::optional<int> max_workers{};
    /// Python's mp_context.
    StartMethod start = StartMethod::spawn;
    /// When it throws, the pool is broken.
    WorkerInitializer initializer{};
    /// A worker that has run so many jobs is replaced. Since 3.11.
    std::optional<int> max_tasks_per_child{};
    /// A job whose worker ended is run again, up to so many times: only for functions that may be run twice.
    int retries = 0;
    /// Python's all or nothing: when a worker ends abruptly, every job fails with BrokenProcessPool, and the pool is of
    /// no use any more. `retries` are then without effect.
    bool strict = false;
    /// A job that runs longer is ended by killing its worker (WorkerDied, SIGKILL).
    TimeLimit wall_time_limit{};
    /// The same for processor time, of all its threads (WorkerDied, SIGXCPU).
    TimeLimit cpu_time_limit{};
    /// A process that was told to go, and whose exit handlers or destructors of global objects have not come to an end
    /// after so long, is killed. Without a limit a hanging one holds up the pool's shutdown for ever, as in Python.
    TimeLimit exit_time_limit = std::chrono::seconds(10);
    /// How many bytes a worker may allocate beyond what it has when it starts; then allocating throws std::bad_alloc.
    /// Default: no limit.
    std::optional<std::size_t> memory_limit{};
    /// Arguments or results that are longer fail that job with std::length_error.
    std::size_t max_message_size = std::size_t{1} << 32;
};

/// Runs jobs in other processes: real parallelism for what uses threads badly, and a wall around what may crash.
///
///     int main(int argc, char** argv) {
///         if (asyncio::is_worker(argc, argv)) return asyncio::worker_main(argc, argv);
///         …
///         asyncio::futures::ProcessPoolExecutor pool({.max_workers = 4});
///         auto future = pool.submit(asyncio::remote<&is_prime>, 112272535095293);
///
/// Jobs are functions that are named by `asyncio::remote`; arguments and results are copied by their codecs
/// (executor/codec.hpp). An exception arrives as the same type where that is registered, else as RemoteError; the
/// worker lives on.
///
/// A worker that ends abruptly (a crash, the kernel's killer of memory eaters, a limit, exit) fails the job that it
/// ran, with WorkerDied, or has it run again (`retries`). It is replaced; the other jobs do not notice. Processes start
/// when there is work and none is idle. Each is sent one job, and one more when all are busy; what was sent cannot be
/// cancelled, but for the short jobs of a loop (`run_in_executor`): more of them lie before the processes, and each can
/// be cancelled until one begins with it. They share nothing with this process but standard output and error, ignore
/// Ctrl-C, and never outlive it, however it ends.
///
/// In a child made by fork, a pool is unusable: submit throws RuntimeError, and its futures never become done.
/// Thread safety: every function may be called from every thread. Mirrors concurrent.futures.ProcessPoolExecutor (since
/// 3.2).
class ProcessPoolExecutor final : public Executor {
public:
    /// Starts no process yet. Throws std::invalid_argument "max_workers must be greater than 0", "max_tasks_per_child
    /// must be >= 1"; RuntimeError when the program's main has not asked `is_worker`.
    explicit ProcessPoolExecutor(const ProcessPoolOptions& options = {});
    /// As `shutdown()`: blocks until all jobs have run and the processes have ended. In a coroutine prefer
    /// `co_await aclose()` before.
    ~ProcessPoolExecutor() override;

    /// Has `f(args...)` run in another process, with copies of the arguments. What encoding them throws becomes the
    /// exception of the future. Throws RuntimeError "cannot schedule new futures after shutdown"; BrokenProcessPool
    /// when the pool is broken; std::system_error when no process can be started. f is not run then.
    template <auto F, class... Args>
    detail::MadeOf<Future<typename RemoteFunction<F>::result_type>, detail::safe_job<RemoteFunction<F>, Args...>>
    submit(RemoteFunction<F>, Args&&... args) {
        auto message = detail::make_owner<detail::RemoteMessage>();
        auto future = detail::deliver_to_future<typename RemoteFunction<F>::result_type>(message->first);
        if (detail::write_request<F>(*message, message->first, std::forward<Args>(args)...))
            execute_message(std::move(message), RemoteFunction<F>::entry().name());
        return future;
    }
    template <class F, class... Args>
    detail::OnlyFunctionsWithANameGoToAProcessUseAsyncioRemote submit(F&&, Args&&...) = delete;

    /// As Executor::map, with `options.chunksize` calls in each message, which saves time when they are short. A worker
    /// that ends abruptly fails the calls of its message. Throws std::invalid_argument "chunksize must be >= 1." too.
    template <auto F, std::ranges::input_range... Rs>
        requires(sizeof...(Rs) > 0)
    auto map(RemoteFunction<F>, Rs&&... ranges) {
        return make_map<F>(MapOptions{}, std::forward<Rs>(ranges)...);
    }
    /// The same with options, for functions of one argument.
    template <auto F, std::ranges::input_range R>
    auto map(RemoteFunction<F>, R&& range, const MapOptions& options) {
        return make_map<F>(options, std::forward<R>(range));
    }
    /// The same for functions of two.
    template <auto F, std::ranges::input_range R1, std::ranges::input_range R2>
    auto map(RemoteFunction<F>, R1&& first, R2&& second, const MapOptions& options) {
        return make_map<F>(options, std::forward<R1>(first), std::forward<R2>(second));
    }

    /// Takes no further jobs; those that are queued still run, unless `cancel_futures`, which cancels what was not sent
    /// to a process. With `wait`, blocks until the processes have ended; RuntimeError "cannot join current thread" in a
    /// callback of one of its futures.
    void shutdown(const ShutdownOptions& options = {}) override;
    /// As `shutdown()`, without blocking the loop. Cancellation: the shutdown goes on.
    [[nodiscard]] Coro<> aclose(bool cancel_futures = false);

    /// shutdown({.wait = false, .cancel_futures = true}), and SIGTERM to all processes: what they ran fails with
    /// WorkerDied. Returns without waiting. Since 3.14.
    void terminate_workers();
    /// The same with SIGKILL. Since 3.14.
    void kill_workers();

    /// The processes that there are at present, without those that are just starting.
    [[nodiscard]] std::vector<int> worker_pids() const;

    /// Throws RuntimeError: only remote functions can go to another process. Prefer `submit`.
    void execute(Job job) override;

    /// For `submit` and `run_in_executor`.
    void execute_message(detail::Owner<detail::RemoteMessage> message, std::string_view function);

private:
    template <auto F, class... Rs>
    auto make_map(const MapOptions& options, Rs&&... ranges) {
        using Source = detail::ChunkSource<ProcessPoolExecutor, F, detail::KeptRange<Rs>...>;
        return MapResults<typename Source::T, Source>(
            Source(*this, options.chunksize, detail::keep_range(std::forward<Rs>(ranges))...), options);
    }

    std::shared_ptr<detail::ProcessPool> pool_;
};

}  // namespace futures

template <auto F, class... Args>
auto EventLoop::run_in_executor(futures::ProcessPoolExecutor& executor, RemoteFunction<F> function, Args&&... args) {
    detail::require_safe_job<RemoteFunction<F>, Args...>();
    static_cast<void>(function);
    core_->check_open();
    core_->check_thread();
    auto message = detail::make_owner<detail::RemoteMessage>();
    message->loop = core_.get();
    auto future = detail::deliver_to_loop<typename RemoteFunction<F>::result_type>(*core_, message->first);
    if (detail::write_request<F>(*message, message->first, std::forward<Args>(args)...))
        executor.execute_message(std::move(message), RemoteFunction<F>::entry().name());
    return future;
}

}  // namespace asyncio
