#pragma once

#include <asyncio/base/blocking_condition.hpp>
#include <asyncio/base/light_traits.hpp>
#include <asyncio/base/standard/functional.hpp>
#include <asyncio/base/standard/mutex.hpp>
#include <asyncio/executor/run_coroutine_threadsafe.hpp>
#include <asyncio/loop/event_loop.hpp>
#include <asyncio/task/runner.hpp>
#include <asyncio/task/task.hpp>

#include <cstddef>
#include <exception>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

namespace asyncio {

/// Keyword arguments of `run_sharded`.
struct ShardOptions {
    /// Forces the debug mode of the loops; nullopt keeps what the environment says.
    std::optional<bool> debug{};
};
static_assert(detail::trivially_destructible<ShardOptions>);

namespace detail {

/// The loops of one run_sharded, and how they end together. All its functions may be called from every thread.
class ShardGroup {
public:
    /// Runs the coroutine of one shard to its end.
    using Main = std::function<void(Runner& runner, std::size_t index)>;

    ShardGroup(std::size_t count, Main main, const ShardOptions& options);
    ShardGroup(const ShardGroup&) = delete;
    ShardGroup& operator=(const ShardGroup&) = delete;

    /// Runs all of them, one in this thread. Throws the first exception when all have ended.
    void run();

    [[nodiscard]] std::size_t count() const noexcept { return shards_.size(); }
    /// Done when no shard is left but that of the thread that runs the group.
    [[nodiscard]] const futures::Future<void>& others_ended() const noexcept { return others_ended_; }
    /// The current task is what is cancelled when another shard fails. Throws CancelledError when one has already.
    void enter_main_task(std::size_t index);
    /// Calls `use` with the shard's loop, which lives meanwhile. Throws RuntimeError "Event loop is closed".
    template <class Use>
    decltype(auto) with_loop(std::size_t index, Use&& use) {
        const std::lock_guard lock(mutex_);
        EventLoop* loop = shards_.at(index).loop;
        if (loop == nullptr) throw RuntimeError("Event loop is closed");
        return std::forward<Use>(use)(*loop);
    }

private:
    struct Shard {
        EventLoop* loop = nullptr;    // while it can be called
        std::optional<AnyTask> main;  // of the loop's thread
    };
    struct Start {
        ShardGroup* group;
        std::size_t index;
    };

    static void* thread_main(void* start) noexcept;
    void run_shard(std::size_t index) noexcept;
    void run_on_new_loop(std::size_t index);
    void end_shard() noexcept;
    [[nodiscard]] bool wait_for_all_loops();
    void fail(std::exception_ptr error) noexcept;

    const Main main_;
    const ShardOptions options_;
    std::mutex mutex_;
    BlockingCondition changed_;
    std::vector<Shard> shards_;
    std::size_t ready_ = 0;    // loops that were made
    std::size_t others_ = 0;   // shards but the first that have not ended
    std::size_t threads_ = 0;  // that have not ended
    futures::Future<void> others_ended_;
    std::exception_ptr error_;
};

}  // namespace detail

/// One of the loops of a `run_sharded`, and the way to the others; given to the factory.
///
/// Thread safety: may be copied and used from every thread until run_sharded returns.
class Shard {
public:
    /// Used by `run_sharded`.
    Shard(detail::ShardGroup& group, std::size_t index) noexcept : group_(&group), index_(index) {}

    /// From 0 to count() - 1. Shard 0 runs in the thread that called run_sharded.
    [[nodiscard]] std::size_t index() const noexcept { return index_; }
    /// How many shards there are.
    [[nodiscard]] std::size_t count() const noexcept { return group_->count(); }

    /// Starts a coroutine, or a callable that returns one, in the loop of a shard: `run_coroutine_threadsafe`. The
    /// result is a concurrent future, which tasks may await: `co_await shard.run_on(2, ask(question))`.
    ///
    /// Throws RuntimeError "Event loop is closed" when that shard has ended, std::out_of_range when there is none. A
    /// shard that ends cancels what it was still to do for others.
    template <detail::TaskSource Coroutine>
    [[nodiscard]] decltype(auto) run_on(std::size_t index, Coroutine&& coroutine) const {
        return group_->with_loop(index, [&](EventLoop& loop) -> decltype(auto) {
            return run_coroutine_threadsafe(std::forward<Coroutine>(coroutine), loop);
        });
    }

private:
    detail::ShardGroup* group_;
    std::size_t index_;
};

/// Runs `factory(shard)`, a coroutine, on `n` loops in `n` threads, and returns when all have ended: a server for as
/// many cores. The calling thread is one of them; each loop is made and closed as `asyncio::run` does it. Loops share
/// nothing; a listener each on one port needs `start_server(…, {.reuse_port = true})`, and the system spreads the
/// connections.
///
///     asyncio::run_sharded(4, [](asyncio::Shard) -> asyncio::Coro<> {
///         auto server = co_await asyncio::start_server(serve, "0.0.0.0", 8080, {.reuse_port = true});
///         co_await server.serve_forever();
///     });
///
/// When one throws, all others are cancelled, and the first exception is thrown when they have ended; Ctrl-C does so
/// with KeyboardInterrupt (when the calling thread is the process's first). `factory` is called in all threads at once,
/// after all loops were made, and must live as long.
/// Throws std::invalid_argument for n < 1; RuntimeError when a loop runs in this thread; std::system_error when a
/// thread cannot be started. Not in asyncio.
template <class F>
    requires std::is_invocable_v<F&, Shard>
void run_sharded(int n, F&& factory, const ShardOptions& options = {}) {
    detail::require_no_running_loop("asyncio.run_sharded()");
    if (n < 1) throw std::invalid_argument("run_sharded needs at least one shard");
    detail::ShardGroup* group = nullptr;
    const auto shard_main = [&](std::size_t index) -> Coro<> {
        group->enter_main_task(index);
        co_await factory(Shard(*group, index));
        if (index == 0) co_await group->others_ended();  // Ctrl-C is heard here
    };
    detail::ShardGroup made(
        static_cast<std::size_t>(n), [&](Runner& runner, std::size_t index) { runner.run(shard_main(index)); },
        options);
    group = &made;
    made.run();
}

}  // namespace asyncio
