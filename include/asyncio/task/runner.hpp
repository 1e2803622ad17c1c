#pragma once

#include <asyncio/base/light_traits.hpp>
#include <asyncio/base/owner.hpp>
#include <asyncio/base/standard/memory.hpp>
#include <asyncio/loop/event_loop.hpp>
#include <asyncio/task/create_task.hpp>
#include <asyncio/task/run_until_complete.hpp>
#include <asyncio/task/task.hpp>

#include <concepts>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace asyncio {

/// Makes the loop of a Runner: a function or a lambda without captures, or a reference to a callable, which must
/// outlive the making. Owns nothing.
class LoopFactory {
public:
    /// None: the policy's `new_event_loop()`.
    constexpr LoopFactory() noexcept = default;
    /// None.
    constexpr LoopFactory(std::nullptr_t) noexcept {}
    /// A function, or what converts to a pointer to one.
    template <class F>
        requires std::convertible_to<F, std::unique_ptr<EventLoop> (*)()>
    constexpr LoopFactory(F&& function) noexcept : function_(std::forward<F>(function)) {}
    /// A reference to a callable.
    template <class F>
        requires(!std::convertible_to<F&, std::unique_ptr<EventLoop> (*)()> &&
                 !std::same_as<std::remove_const_t<F>, LoopFactory> &&
                 std::is_invocable_r_v<std::unique_ptr<EventLoop>, F&>)
    LoopFactory(F& callable) noexcept
        : object_(const_cast<void*>(static_cast<const void*>(std::addressof(callable)))),
          call_([](void* object) { return std::unique_ptr<EventLoop>((*static_cast<F*>(object))()); }) {}

    /// Whether there is one.
    explicit operator bool() const noexcept { return function_ != nullptr || call_ != nullptr; }
    /// Makes a loop. Precondition: there is a function or a callable.
    [[nodiscard]] std::unique_ptr<EventLoop> operator()() const;

private:
    std::unique_ptr<EventLoop> (*function_)() = nullptr;
    void* object_ = nullptr;
    std::unique_ptr<EventLoop> (*call_)(void*) = nullptr;
};

/// Keyword arguments of `run` and `Runner`.
struct RunOptions {
    /// Forces the debug mode of the loop; nullopt keeps what the environment says.
    std::optional<bool> debug{};
    /// Default: `new_event_loop()`, and the loop is the thread's current one while the Runner lives; none is, after it.
    /// A loop of a factory is not made the current one. Since 3.12.
    LoopFactory loop_factory{};
};
static_assert(detail::trivially_destructible<RunOptions>);

/// Keyword arguments of `Runner::run`.
struct RunnerRunOptions {
    /// What the coroutine runs in. Default: the Runner's own context, which all its runs share.
    ContextRef context{};
};
static_assert(detail::trivially_destructible<RunnerRunOptions>);

namespace detail {
class Interrupts;
/// Throws RuntimeError "<caller> cannot be called from a running event loop" when a loop runs in this thread.
void require_no_running_loop(const char* caller);

template <class Main>
consteval void require_main() {
    static_assert(TaskSource<Main>,
                  "run takes a coroutine, or a callable without parameters that returns one: write "
                  "asyncio::run(amain()), where amain is a function that returns asyncio::Coro<>");
}
}  // namespace detail

template <detail::TaskSource Coroutine>
decltype(auto) run(Coroutine&& main, const RunOptions& options = {});
/// The mistake of what is no coroutine.
template <class Main>
auto run(Main&&, const RunOptions& = {}) {
    detail::require_main<Main>();
}

/// A loop and its life cycle: several `run()`s on one loop, then a tear-down that leaves no task behind.
///
///     created ──first run() or get_loop()──► initialized ──close()──► closed
///
/// While it runs a main task in the process's first thread, and SIGINT has its default action, Ctrl-C cancels the main
/// task; a second one, or one after the main task is done, throws KeyboardInterrupt out of `run()`, and one during the
/// tear-down out of `close()`, as soon as the present step gives the loop its turn. When a step blocks, Ctrl-C a second
/// later restores the default action, so that the next one ends the process.
/// Thread safety: one thread at a time. Mirrors asyncio.Runner (since 3.11).
class Runner {
public:
    /// Makes no loop yet.
    explicit Runner(const RunOptions& options = {});
    Runner(const Runner&) = delete;
    Runner& operator=(const Runner&) = delete;
    /// As `close()`; what that throws is logged.
    ~Runner();

    /// Runs a coroutine, or a callable that returns one, to its end; returns its result or throws its exception. Other
    /// tasks that are left over go on in the next `run()`. All runs share one context, a copy of the one in which the
    /// loop was made: a variable set in one run is seen in the next, and not outside.
    ///
    /// Throws KeyboardInterrupt instead of CancelledError when it was Ctrl-C that cancelled it, and nobody else.
    /// RuntimeError when a loop runs in this thread or the Runner is closed; the coroutine is not started then.
    template <detail::TaskSource Coroutine>
    decltype(auto) run(Coroutine&& coroutine, const RunnerRunOptions& options = {}) {
        detail::require_no_running_loop("Runner.run()");
        EventLoop& loop = get_loop();
        const ContextRef context = options.context ? options.context : ContextRef(*context_);
        const auto task = loop.create_task(std::forward<Coroutine>(coroutine), {.context = context}, {});
        run_task(task.task_core());
        return detail::take_result<typename decltype(task)::value_type>(task.core());
    }
    /// The mistake of what is no coroutine.
    template <class Main>
    auto run(Main&&, const RunnerRunOptions& = {}) {
        detail::require_main<Main>();
    }

    /// The loop; makes it if need be. Throws RuntimeError "Runner is closed".
    [[nodiscard]] EventLoop& get_loop();

    /// Cancels all tasks, runs until they have ended (also those that are started meanwhile), reports those that failed
    /// to the loop's exception handler, closes async generators, shuts the default executor down (waiting for five
    /// minutes at most), closes the loop. Idempotent; does nothing before the first use. Throws KeyboardInterrupt or
    /// SystemExit when a task does, or at Ctrl-C; the loop is closed all the same.
    void close();

private:
    template <detail::TaskSource Coroutine>
    friend decltype(auto) run(Coroutine&& main, const RunOptions& options);

    /// Runs until the task is done; throws its exception, or KeyboardInterrupt.
    void run_task(detail::TaskCore& task);
    void tear_down();

    RunOptions options_;
    detail::Owner<EventLoop> loop_;
    detail::Owner<Context> context_;  // with the loop
    detail::Owner<detail::Interrupts> interrupts_;
    bool sets_current_loop_ = false;
    bool closed_ = false;
};

}  // namespace asyncio
