#pragma once

#include <asyncio/base/light_traits.hpp>
#include <asyncio/base/standard/functional.hpp>
#include <asyncio/base/standard/memory.hpp>
#include <asyncio/executor/executor.hpp>
#include <asyncio/task/coro.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <exception>
#include <new>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

namespace asyncio {

namespace detail {
class LoopThreads;
class ThreadPool;
/// What a pool throws, with this message, after its initializer has thrown `cause`.
using BrokenPoolError = std::exception_ptr(const char* message, const std::exception_ptr& cause);
}  // namespace detail

namespace futures {

/// What a pool calls in each of its threads: a function, a lambda of up to four words, or a reference to any other
/// callable, which must live until the pool is made; the pool copies it.
class Initializer {
public:
    constexpr Initializer() noexcept = default;
    /// Nothing, as without an argument.
    constexpr Initializer(std::nullptr_t) noexcept {}
    /// Refers to the callable, or contains it when it is small and trivially copyable.
    template <class F>
        requires(!std::same_as<std::remove_cvref_t<F>, Initializer> && std::is_invocable_v<std::decay_t<F>&> &&
                 (std::is_lvalue_reference_v<F> || std::is_trivially_copyable_v<F>))
    Initializer(F&& callable) {
        using Callable = std::decay_t<F>;
        if constexpr (std::is_trivially_copyable_v<Callable> && sizeof(Callable) <= sizeof(storage_) &&
                      alignof(Callable) <= alignof(void*)) {
            ::new (storage_.data()) Callable(std::forward<F>(callable));
            copy_ = [](const void* storage) {
                return std::function<void()>(*std::launder(static_cast<const Callable*>(storage)));
            };
        } else {
            static_assert(std::is_lvalue_reference_v<F>, "too big to be kept: name the initializer first");
            ::new (storage_.data()) const void*(std::addressof(callable));
            copy_ = [](const void* storage) {
                return std::function<void()>(
                    *static_cast<const Callable*>(*std::launder(static_cast<const void* const*>(storage))));
            };
        }
    }

    /// The callable, copied; empty when there is none. Throws what its copy constructor throws.
    [[nodiscard]] std::function<void()> copy() const { return copy_ == nullptr ? nullptr : copy_(storage_.data()); }

private:
    alignas(void*) std::array<std::byte, 4 * sizeof(void*)> storage_{};
    std::function<void()> (*copy_)(const void*) = nullptr;
};

/// Keyword arguments of `ThreadPoolExecutor`.
struct ThreadPoolOptions {
    /// How many threads at most. Default: four more than this process has processors, but not over 32.
    std::optional<int> max_workers{};
    /// Threads are named `prefix_0`, `prefix_1` … (the system keeps 15 characters; the prefix is cut). Since 3.6.
    std::string_view thread_name_prefix{};
    /// Called in each thread before its first job; capture what it needs (Python's initargs). When it throws, the pool
    /// is broken. Since 3.7.
    Initializer initializer{};
};
static_assert(detail::trivially_destructible<ThreadPoolOptions>);

/// Runs jobs in threads of its own, in the order of their submission. Threads start when there is work for them, up to
/// `max_workers`; one that is idle is used before a new one starts. Signals are blocked in them.
///
/// A job may submit others; one that waits for them, in a pool whose threads all do, waits for ever. At the normal end
/// of the program, threads that are left finish their queues and are joined. In a child made by fork, a pool is
/// unusable: submit throws RuntimeError, and its futures never become done. Thread safety: every function may be called
/// from every thread. Mirrors concurrent.futures.ThreadPoolExecutor (since 3.2).
class ThreadPoolExecutor final : public Executor {
public:
    /// Starts no thread yet. Throws std::invalid_argument "max_workers must be greater than 0".
    explicit ThreadPoolExecutor(const ThreadPoolOptions& options = {});
    /// As `shutdown()`: blocks until all jobs have run. On one of its own threads it does not wait. Inside of a
    /// coroutine prefer `co_await aclose()` before.
    ~ThreadPoolExecutor() override;

    /// Takes no further jobs; those that are queued still run, unless `cancel_futures`. With `wait`, blocks until the
    /// threads have been joined; RuntimeError "cannot join current thread" on one of its own.
    void shutdown(const ShutdownOptions& options = {}) override;
    /// As `shutdown()`, without blocking the loop: waits until no thread is left. Cancellation: the shutdown goes on.
    [[nodiscard]] Coro<> aclose(bool cancel_futures = false);

    /// Throws RuntimeError "cannot schedule new futures after shutdown"; BrokenThreadPool when an initializer has
    /// failed; std::system_error when the first thread cannot be started. The job is not queued then.
    void execute(Job job) override;

    /// How many threads there are at present.
    [[nodiscard]] std::size_t threads() const;

private:
    friend class detail::LoopThreads;
    friend class InterpreterPoolExecutor;

    ThreadPoolExecutor(const ThreadPoolOptions& options, const char* default_prefix, detail::BrokenPoolError* broken);

    std::shared_ptr<detail::ThreadPool> pool_;
    bool abandoned_ = false;  // by a loop that was closed: the destructor does not wait
};

}  // namespace futures
}  // namespace asyncio
