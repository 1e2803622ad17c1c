#pragma once

#include <asyncio/base/atomic.hpp>
#include <asyncio/base/ready_queue.hpp>
#include <asyncio/loop/loop_core.hpp>
#include <asyncio/task/task_core.hpp>

#include <csignal>
#include <cstdint>

namespace asyncio::detail {

/// What Ctrl-C does to a loop that runs a main task. The signal handler only counts and posts this node to the loop's
/// inbox, which takes no lock and no memory and ends a blocked poll; everything else happens when the loop runs it.
///
///     first signal, main task not done: the main task is cancelled
///     any other:                        KeyboardInterrupt leaves the loop
///     one more while the loop has not acted for a second: the default action is restored, and the next ends the
///     process
///
/// Belongs to a Runner and outlives its loop, whose queues may still hold the node after a run. A forked child, where
/// that loop does not run, has the default action again.
class Interrupts : private ReadyNode {
public:
    explicit Interrupts(LoopCore& loop) noexcept : ReadyNode(&deliver), loop_(loop) {}

    /// Handles SIGINT from here to the end of the scope: in the process's first thread only, and only in the place of
    /// the default action. Without a main task where the loop is torn down.
    class Scope {
    public:
        Scope(Interrupts& interrupts, TaskCore* main);
        Scope(const Scope&) = delete;
        Scope& operator=(const Scope&) = delete;
        ~Scope();

    private:
        Interrupts& interrupts_;
        bool installed_ = false;
    };

    /// How many signals came in this scope.
    [[nodiscard]] std::uint32_t count() const noexcept { return received_.load(); }
    /// A signal came that the loop has not acted upon.
    [[nodiscard]] bool undelivered() const noexcept { return count() != delivered_; }

private:
    static void on_signal(int) noexcept;
    static void restore_default() noexcept;
    static void after_fork_in_child() noexcept;
    static void deliver(ReadyNode& node, Turn turn);
    void receive() noexcept;

    LoopCore& loop_;
    bool in_scope_ = false;
    TaskCore* main_ = nullptr;
    Atomic<std::uint32_t> received_{0};
    Atomic<Clock::rep> posted_at_{0};  // 0: it is not posted
    std::uint32_t delivered_ = 0;
};

}  // namespace asyncio::detail
