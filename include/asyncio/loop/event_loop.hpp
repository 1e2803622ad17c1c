#pragma once

#include <asyncio/base/exceptions.hpp>
#include <asyncio/base/light_traits.hpp>
#include <asyncio/base/log.hpp>
#include <asyncio/base/standard/functional.hpp>
#include <asyncio/base/standard/memory.hpp>
#include <asyncio/loop/handle.hpp>
#include <asyncio/loop/loop_core.hpp>
#include <asyncio/loop/task_options.hpp>

#include <source_location>

namespace asyncio {

template <class T>
class Future;
class NewTask;

/// Starts the task that `create_task`, `gather`, TaskGroup and the like ask for, by `task.start(options)`. See NewTask.
using TaskFactory = std::function<void(EventLoop& loop, NewTask& task, TaskOptions options)>;
template <class T>
class Coro;

namespace futures {
class Executor;
class ProcessPoolExecutor;
class ThreadPoolExecutor;
}  // namespace futures
template <auto F>
class RemoteFunction;

/// Keyword arguments of `EventLoop::shutdown_default_executor`.
struct ShutdownExecutorOptions {
    /// How long to wait at most, in real time also under a virtual clock. Default: without limit. Since 3.12.
    TimeLimit timeout{};
};
static_assert(detail::trivially_destructible<ShutdownExecutorOptions>);

/// Receives what nobody else handles: exceptions of callbacks, of tasks that nobody awaited, and the like.
using ExceptionHandler = std::function<void(EventLoop& loop, const ExceptionContext& context)>;

/// An event loop: runs callbacks, timers, tasks and I/O in one thread.
///
/// One iteration collects I/O, then the timers that are due, and runs exactly the handles that are ready at that point;
/// what those add runs in the next one. `debug` mode (from the environment variable ASYNCIO_DEBUG, or `set_debug`)
/// checks for use from wrong threads and reports slow callbacks.
///
/// Throws: after `close()` everything that would queue work throws RuntimeError "Event loop is closed".
/// Thread safety: only `call_soon_threadsafe` may be called from other threads. A loop may be created in one thread and
/// run in another.
/// Mirrors asyncio's event loop (asyncio.AbstractEventLoop, asyncio.EventLoop since 3.13).
class EventLoop {
    detail::LoopPtr core_;  // first, since slow_callback_duration refers into it

public:
    /// A loop on the best driver of this system. Throws std::system_error when the system refuses (EMFILE, ENOMEM).
    EventLoop();
    /// A loop on a driver of your own. Throws std::invalid_argument for nullptr.
    explicit EventLoop(std::unique_ptr<Driver> driver);
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;
    /// Closes the loop, with a warning when `close()` was not called before. Must not run.
    virtual ~EventLoop();

    // --- running ---

    /// Runs until `stop()`. May be called again; queue, timers and tasks are kept between runs.
    /// Throws RuntimeError when this loop or another one of this thread runs already.
    void run_forever();
    /// Runs until the coroutine or future is done; returns its result or throws its exception. RuntimeError when the
    /// loop was stopped before that; std::invalid_argument for a future of another loop.
    template <class Awaitable>
    decltype(auto) run_until_complete(Awaitable&& awaitable);
    /// The present iteration is the last one; when not running, the next run is a single iteration that does not block.
    void stop() noexcept { core_->stop(); }
    /// Whether `run_forever()` or `run_until_complete()` is at work.
    [[nodiscard]] bool is_running() const noexcept { return core_->running(); }
    /// Drops all that is queued and every task that is not done: each is reported in the log (the exception handler is
    /// not called any more), and its frames are destroyed, innermost first. Irreversible, idempotent. Throws
    /// RuntimeError when the loop is running.
    void close();
    /// Whether `close()` was called.
    [[nodiscard]] bool is_closed() const noexcept { return core_->closed(); }

    // --- callbacks ---

    // The overload for a callable without arguments knows the place of the call, which debug mode keeps; for the others
    // it looks at the stack.

    /// Runs `callable(arguments...)` in the next iteration, in the order of the calls. Callable and arguments are
    /// stored by value. Like every callback of this class, it runs in a copy of the context that is current now, or, of
    /// the overloads with a `context` in front, in that itself. A coroutine function is a compile error; a null pointer
    /// or an empty std::function throws std::invalid_argument here.
    template <class F>
        requires detail::Callback<F>
    Handle call_soon(F&& callable, std::source_location place = std::source_location::current()) {
        return queue_call(nullptr, place, std::forward<F>(callable));
    }
    /// The same with arguments.
    template <class F, class... Args>
        requires(sizeof...(Args) > 0 && detail::Callback<F, Args...>)
    Handle call_soon(F&& callable, Args&&... arguments) {
        return queue_call(nullptr, unknown, std::forward<F>(callable), std::forward<Args>(arguments)...);
    }
    /// The same in `context`.
    template <class F, class... Args>
        requires detail::Callback<F, Args...>
    Handle call_soon(const Context& context, F&& callable, Args&&... arguments) {
        return queue_call(&context.core(), unknown, std::forward<F>(callable), std::forward<Args>(arguments)...);
    }

    /// As `call_soon`, from any thread; wakes the loop. Calls from one thread keep their order. The handle is empty
    /// when called from a thread that does not run this loop.
    template <class F>
        requires detail::Callback<F>
    Handle call_soon_threadsafe(F&& callable, std::source_location place = std::source_location::current()) {
        return post_call(nullptr, place, std::forward<F>(callable));
    }
    /// The same with arguments.
    template <class F, class... Args>
        requires(sizeof...(Args) > 0 && detail::Callback<F, Args...>)
    Handle call_soon_threadsafe(F&& callable, Args&&... arguments) {
        return post_call(nullptr, unknown, std::forward<F>(callable), std::forward<Args>(arguments)...);
    }
    /// The same in `context`.
    template <class F, class... Args>
        requires detail::Callback<F, Args...>
    Handle call_soon_threadsafe(const Context& context, F&& callable, Args&&... arguments) {
        return post_call(&context.core(), unknown, std::forward<F>(callable), std::forward<Args>(arguments)...);
    }

    /// Runs the callable after `delay`; not positive: in the next iteration, after what `call_soon` has queued until
    /// then. `duration::max()`: never. Equal deadlines run in the order of the calls.
    template <class Rep, class Period, class F>
        requires detail::Callback<F>
    TimerHandle call_later(std::chrono::duration<Rep, Period> delay, F&& callable,
                           std::source_location place = std::source_location::current()) {
        return schedule_call(nullptr, place, after(delay), std::forward<F>(callable));
    }
    /// The same with arguments.
    template <class Rep, class Period, class F, class... Args>
        requires(sizeof...(Args) > 0 && detail::Callback<F, Args...>)
    TimerHandle call_later(std::chrono::duration<Rep, Period> delay, F&& callable, Args&&... arguments) {
        return schedule_call(nullptr, unknown, after(delay), std::forward<F>(callable),
                             std::forward<Args>(arguments)...);
    }
    /// The same in `context`.
    template <class Rep, class Period, class F, class... Args>
        requires detail::Callback<F, Args...>
    TimerHandle call_later(const Context& context, std::chrono::duration<Rep, Period> delay, F&& callable,
                           Args&&... arguments) {
        return schedule_call(&context.core(), unknown, after(delay), std::forward<F>(callable),
                             std::forward<Args>(arguments)...);
    }
    /// The mistake in `call_later(1, f)`.
    template <class Number, class F, class... Args>
        requires std::is_arithmetic_v<Number> && detail::Callback<F, Args...>
    TimerHandle call_later(Number, F&&, Args&&...) {
        static_assert(!std::is_arithmetic_v<Number>,
                      "call_later takes a duration, not a number: write call_later(1s, f) with "
                      "using namespace std::chrono_literals");
        return {};
    }

    /// Runs the callable when `loop.time()` has reached `when`.
    template <class F>
        requires detail::Callback<F>
    TimerHandle call_at(Clock::time_point when, F&& callable,
                        std::source_location place = std::source_location::current()) {
        return schedule_call(nullptr, place, when, std::forward<F>(callable));
    }
    /// The same with arguments.
    template <class F, class... Args>
        requires(sizeof...(Args) > 0 && detail::Callback<F, Args...>)
    TimerHandle call_at(Clock::time_point when, F&& callable, Args&&... arguments) {
        return schedule_call(nullptr, unknown, when, std::forward<F>(callable), std::forward<Args>(arguments)...);
    }
    /// The same in `context`.
    template <class F, class... Args>
        requires detail::Callback<F, Args...>
    TimerHandle call_at(const Context& context, Clock::time_point when, F&& callable, Args&&... arguments) {
        return schedule_call(&context.core(), unknown, when, std::forward<F>(callable),
                             std::forward<Args>(arguments)...);
    }

    /// The loop's clock: monotonic, or virtual under a simulated driver.
    [[nodiscard]] Clock::time_point time() const noexcept { return core_->time(); }

    // --- readiness of file descriptors ---

    /// Calls the callable in each iteration in which `fd` is readable (level-triggered), until removed; a second call
    /// replaces the first. Throws std::invalid_argument for a negative `fd`, std::system_error when the system refuses
    /// (EPERM for a regular file), RuntimeError when a stream or socket of this loop owns `fd`.
    template <class F, class... Args>
        requires detail::Callback<F, Args...>
    void add_reader(int fd, F&& callable, Args&&... arguments) {
        core_->check_open();
        auto core = make_handle<detail::WatcherHandleCore>(nullptr, unknown, std::forward<F>(callable),
                                                           std::forward<Args>(arguments)...);
        set_watcher(fd, false, detail::IntrusivePtr<detail::WatcherHandleCore>::adopt(core.detach()));
    }
    /// True if there was one. A call that is queued already will not run.
    bool remove_reader(int fd);
    /// As `add_reader`, while `fd` is writable.
    template <class F, class... Args>
        requires detail::Callback<F, Args...>
    void add_writer(int fd, F&& callable, Args&&... arguments) {
        core_->check_open();
        auto core = make_handle<detail::WatcherHandleCore>(nullptr, unknown, std::forward<F>(callable),
                                                           std::forward<Args>(arguments)...);
        set_watcher(fd, true, detail::IntrusivePtr<detail::WatcherHandleCore>::adopt(core.detach()));
    }
    /// As `remove_reader`.
    bool remove_writer(int fd);

    // --- coroutines instead of callbacks are refused ---

    template <class... A>
        requires detail::CoroutineIsGivenInsteadOfCallback<A...>
    ASYNCIO_REFUSE(detail::TheCoroutineWouldNeverRunUseCreateTask call_soon(A&&...))
    template <class... A>
        requires detail::CoroutineIsGivenInsteadOfCallback<A...>
    ASYNCIO_REFUSE(detail::TheCoroutineWouldNeverRunUseCreateTask call_soon_threadsafe(A&&...))
    template <class... A>
        requires detail::CoroutineIsGivenInsteadOfCallback<A...>
    ASYNCIO_REFUSE(detail::TheCoroutineWouldNeverRunUseCreateTask call_later(A&&...))
    template <class... A>
        requires detail::CoroutineIsGivenInsteadOfCallback<A...>
    ASYNCIO_REFUSE(detail::TheCoroutineWouldNeverRunUseCreateTask call_at(A&&...))
    template <class... A>
        requires detail::CoroutineIsGivenInsteadOfCallback<A...>
    ASYNCIO_REFUSE(detail::TheCoroutineWouldNeverRunUseCreateTask add_reader(A&&...))
    template <class... A>
        requires detail::CoroutineIsGivenInsteadOfCallback<A...>
    ASYNCIO_REFUSE(detail::TheCoroutineWouldNeverRunUseCreateTask add_writer(A&&...))

    // --- futures and tasks (defined on the task floor) ---

    /// A future of this loop. Works on a closed loop, too.
    template <class T>
    [[nodiscard]] Future<T> create_future(std::source_location place = std::source_location::current());
    /// Starts a coroutine, or a callable that returns one (which the task then owns), as a task: its first step runs in
    /// the next iteration, unless a task factory changes that. Works before the loop runs.
    template <class Coroutine>
    decltype(auto) create_task(Coroutine&& coroutine, TaskOptions options = {},
                               std::source_location place = std::source_location::current());
    /// From now on the factory starts every task of this loop, for instance `asyncio::eager_task_factory`; an empty one
    /// restores the default.
    void set_task_factory(TaskFactory factory);
    /// Empty by default.
    [[nodiscard]] const TaskFactory& get_task_factory() const noexcept;

    /// Awaits `aclose()` of all async generators that have started in this loop and not ended, all at once. What one
    /// throws goes to the exception handler and does not stop the others. One that starts later is logged. `run` does
    /// this after the tasks have ended.
    /// Mirrors loop.shutdown_asyncgens (since 3.6).
    [[nodiscard]] Coro<void> shutdown_asyncgens();

    // --- threads (defined on the executor floor) ---

    /// Has `f(args...)` run by the executor, with copies of both (move-only ones are moved in); a null pointer: by the
    /// default executor, a ThreadPoolExecutor that is made at the first use. Starts at the call; gives a Future of the
    /// result, or of the exception, which arrives in an iteration of this loop.
    ///
    ///     auto text = co_await loop.run_in_executor(nullptr, read_file, path);
    ///
    /// Cancellation: the future is cancelled at once. A job that has not started never runs; one that has runs on, and
    /// what it returns or throws is dropped. When the loop closes, jobs run on likewise.
    /// Throws RuntimeError when the loop is closed, "Executor shutdown has been called" when the default executor was
    /// shut down, and what the executor refuses jobs with.
    template <class F, class... Args>
    auto run_in_executor(futures::Executor* executor, F&& f, Args&&... args);
    /// The same with a reference.
    template <class F, class... Args>
    auto run_in_executor(futures::Executor& executor, F&& f, Args&&... args);
    /// The same in another process: `co_await loop.run_in_executor(pool, asyncio::remote<&f>, args...)`. A job that was
    /// sent to its process runs on there when the future is cancelled.
    template <auto F, class... Args>
    auto run_in_executor(futures::ProcessPoolExecutor& executor, RemoteFunction<F> function, Args&&... args);
    template <class F, class... Args>
    auto run_in_executor(futures::ProcessPoolExecutor&, F&&, Args&&...) = delete;  // only asyncio::remote<&f>
    /// The previous one is not shut down. Mirrors set_default_executor (since 3.11 only for ThreadPoolExecutor).
    void set_default_executor(std::shared_ptr<futures::ThreadPoolExecutor> executor);
    /// Lets the default executor finish what it was given and waits, without blocking the loop, until its threads are
    /// joined; returns with a logged warning when `options.timeout` is over before. Afterwards `run_in_executor` with
    /// the default executor throws RuntimeError. May be called again. Since 3.9.
    [[nodiscard]] Coro<void> shutdown_default_executor(ShutdownExecutorOptions options = {});

    // --- errors and debugging ---

    /// An empty handler restores the default, which logs at error level.
    void set_exception_handler(ExceptionHandler handler);
    /// The handler that was set; empty for the default.
    [[nodiscard]] const ExceptionHandler& get_exception_handler() const noexcept { return core_->exception_handler; }
    /// Logs message, members in alphabetical order and the exception.
    void default_exception_handler(const ExceptionContext& context);
    /// Gives `context` to the handler. What that throws is given to `default_exception_handler`, except
    /// KeyboardInterrupt and SystemExit, which come out here.
    void call_exception_handler(const ExceptionContext& context) { core_->call_exception_handler(context); }
    /// Takes effect while running.
    void set_debug(bool enabled) noexcept { core_->set_debug(enabled); }
    /// Whether debug mode is on.
    [[nodiscard]] bool get_debug() const noexcept { return core_->debug; }
    /// In debug mode, steps that take at least this long are reported. Assignable; 100 ms.
    Clock::duration& slow_callback_duration;

    /// What it runs on. Throws RuntimeError after close(), when there is none any more.
    [[nodiscard]] Driver& driver() {
        core_->check_open();
        return core_->driver();
    }
    /// Used by the library.
    [[nodiscard]] detail::LoopCore& core() const noexcept { return *core_; }

private:
    static constexpr std::source_location unknown{};

    template <class Duration>
    [[nodiscard]] Clock::time_point after(Duration delay) const {
        return detail::saturating_add(core_->time(), detail::to_clock_duration(delay));
    }

    /// A handle whose context is `context`, or a copy of the current one.
    template <class Base, class F, class... Args>
    auto make_handle(detail::ContextCore* context, const std::source_location& place, F&& callable,
                     Args&&... arguments) {
        detail::require_callable(callable);
        using Core = detail::HandleOf<Base, std::decay_t<F>, std::decay_t<Args>...>;
        auto core = detail::IntrusivePtr<Core>::adopt(new Core(
            *core_, detail::ContextWord::of(context), std::forward<F>(callable), std::forward<Args>(arguments)...));
        if (detail::keeping_places()) [[unlikely]]
            core->made_at(place);
        return core;
    }
    template <class F, class... Args>
    Handle queue_call(detail::ContextCore* context, const std::source_location& place, F&& callable,
                      Args&&... arguments) {
        core_->check_use();
        auto core = make_handle<detail::OnceHandleCore>(context, place, std::forward<F>(callable),
                                                        std::forward<Args>(arguments)...);
        core_->make_ready(*core.get());
        return Handle(detail::IntrusivePtr<detail::HandleCore>(core.detach()));
    }
    template <class F, class... Args>
    Handle post_call(detail::ContextCore* context, const std::source_location& place, F&& callable,
                     Args&&... arguments) {
        if (core_->in_own_thread())
            return queue_call(context, place, std::forward<F>(callable), std::forward<Args>(arguments)...);
        auto core = make_handle<detail::PostedHandleCore>(context, place, std::forward<F>(callable),
                                                          std::forward<Args>(arguments)...);
        post_handle(*core.detach());
        return Handle();
    }
    template <class F, class... Args>
    TimerHandle schedule_call(detail::ContextCore* context, const std::source_location& place, Clock::time_point when,
                              F&& callable, Args&&... arguments) {
        core_->check_use();
        auto core = make_handle<detail::TimerHandleCore>(context, place, std::forward<F>(callable),
                                                         std::forward<Args>(arguments)...);
        schedule_handle(*core.get(), when);
        return TimerHandle(detail::IntrusivePtr<detail::TimerHandleCore>(core.detach()));
    }
    void post_handle(detail::HandleCore& handle);
    void schedule_handle(detail::TimerHandleCore& handle, Clock::time_point when);
    void set_watcher(int fd, bool writer, detail::IntrusivePtr<detail::WatcherHandleCore> handle);
};

/// The loop that runs in this thread. Throws RuntimeError "no running event loop" outside of callbacks and tasks.
/// Mirrors asyncio.get_running_loop (since 3.7).
[[nodiscard]] EventLoop& get_running_loop();

}  // namespace asyncio
