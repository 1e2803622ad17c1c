#pragma once

#include <asyncio/base/exceptions.hpp>
#include <asyncio/sync/wait_list.hpp>

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <string>

namespace asyncio {

class Barrier;

/// A barrier was aborted or reset. Mirrors asyncio.BrokenBarrierError.
class BrokenBarrierError : public RuntimeError {
public:
    using RuntimeError::RuntimeError;
};

/// See Barrier::statistics.
struct BarrierStatistics {
    WaitStatistics waiters;     ///< also those who wait for an earlier generation to leave
    std::size_t parties = 0;    ///< as `Barrier::parties()`
    std::size_t n_waiting = 0;  ///< as `Barrier::n_waiting()`
};

namespace detail {

/// What Barrier::wait returns.
///
///     outside ──filling──► inside ──draining──► out, with its index
///        │ broken             │ broken, resetting
///        └────────────────────┴──► BrokenBarrierError
class [[nodiscard("write co_await barrier.wait()")]] BarrierWait : public ListedWaiter, private ReadyNode {
public:
    explicit BarrierWait(Barrier& barrier) noexcept : ReadyNode(&run), barrier_(&barrier) {}
    BarrierWait(BarrierWait&& unstarted) noexcept : BarrierWait(*unstarted.barrier_) {}
    ~BarrierWait();

    [[nodiscard]] bool await_ready();

    template <class P>
    void await_suspend(std::coroutine_handle<P> handle) {
        enter();
        suspend(handle);
    }

    std::size_t await_resume();

    /// The barrier goes. Whoever it has let out already returns all the same.
    void orphan() noexcept;

private:
    enum class State : std::uint8_t { outside, inside, out, reset, aborted };

    void enter();
    [[nodiscard]] bool look() noexcept;
    void depart() noexcept;
    static void run(ReadyNode& node, Turn turn);

    Barrier* barrier_;
    std::size_t index_ = 0;
    State state_ = State::outside;
};

/// What Barrier::reset and abort return: done when awaited, without giving way.
class [[nodiscard("write co_await")]] BarrierCommand {
public:
    using asyncio_awaiter = void;

    using Command = void (Barrier::*)();
    BarrierCommand(Barrier& barrier, Command command) noexcept : barrier_(&barrier), command_(command) {}

    [[nodiscard]] bool await_ready() const {
        (barrier_->*command_)();
        return true;
    }
    void await_suspend(std::coroutine_handle<>) const noexcept {}
    void await_resume() const noexcept {}

private:
    Barrier* barrier_;
    Command command_;
};

}  // namespace detail

/// Where a number of tasks wait for each other, again and again.
///
///               last one arrives               last one leaves
///     filling ───────────────────► draining ───────────────────► filling
///       │ reset() with waiters                  the last one leaves ▲
///       ├──────────────────────► resetting ─────────────────────────┤
///       │ abort()                                           reset() │
///       └──────────────────────► broken ────────────────────────────┘
///
/// Who arrives while the barrier drains or is being reset waits outside and counts for the next generation.
/// Destroying it while tasks wait wakes them with RuntimeError, except those it has let out.
/// Thread safety: none, for the loop's own thread only; debug mode throws RuntimeError elsewhere. Mirrors
/// asyncio.Barrier (since 3.11).
class Barrier {
public:
    /// For that many tasks. Throws std::invalid_argument when `parties` is not positive.
    explicit Barrier(std::ptrdiff_t parties);
    ~Barrier();
    Barrier(const Barrier&) = delete;
    Barrier& operator=(const Barrier&) = delete;

    /// Waits until as many tasks wait as there are parties. The await gives the number of those who came before: each
    /// of 0 … parties-1 once. The last one does not give way.
    ///
    /// Throws BrokenBarrierError when it is broken, or reset or aborted meanwhile; RuntimeError when it has to wait and
    /// no task runs, when the barrier belongs to another loop, and when it is destroyed meanwhile. Cancellation:
    /// CancelledError, there is one less in the barrier, and nobody else is affected.
    detail::BarrierWait wait() noexcept { return detail::BarrierWait(*this); }
    /// Fails those who wait, and makes it usable again when it was broken.
    detail::BarrierCommand reset() noexcept { return {*this, &Barrier::reset_now}; }
    /// Breaks it: those who wait and those who come later get BrokenBarrierError, until it is reset.
    detail::BarrierCommand abort() noexcept { return {*this, &Barrier::abort_now}; }

    /// How many tasks let each other go on.
    [[nodiscard]] std::size_t parties() const noexcept { return parties_; }
    /// How many wait in the barrier; 0 unless it is filling.
    [[nodiscard]] std::size_t n_waiting() const noexcept { return state_ == State::filling ? count_ : 0; }
    /// Whether it was aborted and not reset yet.
    [[nodiscard]] bool broken() const noexcept { return state_ == State::broken; }

    /// Its state and who waits, for debugging and monitoring.
    [[nodiscard]] BarrierStatistics statistics() const noexcept {
        return {waiters_.statistics(), parties_, n_waiting()};
    }
    /// `<Barrier at 0x… [filling, waiters:0/3]>`
    [[nodiscard]] std::string repr() const;

private:
    friend class detail::BarrierWait;
    enum class State : std::uint8_t { filling, draining, resetting, broken };

    void reset_now();
    void abort_now();
    void leave() noexcept;

    std::size_t parties_;
    std::size_t count_ = 0;  // those who are inside
    State state_ = State::filling;
    detail::WaitList waiters_;  // inside and outside, as in asyncio's condition
    detail::LoopBinding binding_;
};

}  // namespace asyncio
