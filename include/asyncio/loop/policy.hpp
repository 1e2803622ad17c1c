#pragma once

#include <asyncio/base/owner.hpp>
#include <asyncio/base/standard/memory.hpp>
#include <asyncio/loop/event_loop.hpp>

#include <cstdint>

namespace asyncio {

/// Decides which loop is the current one of a thread, and which kind of loop is made. Derive from it, or from
/// DefaultEventLoopPolicy, to have `run()` and `get_event_loop()` use loops of your own.
///
/// A policy is not needed: `run(main(), {.loop_factory = …})` chooses a loop for one run and concerns nobody else.
/// Thread safety: every function may be called from several threads at once.
/// Mirrors asyncio.AbstractEventLoopPolicy (deprecated in 3.14).
class AbstractEventLoopPolicy {
public:
    AbstractEventLoopPolicy() = default;
    AbstractEventLoopPolicy(const AbstractEventLoopPolicy&) = delete;
    AbstractEventLoopPolicy& operator=(const AbstractEventLoopPolicy&) = delete;
    virtual ~AbstractEventLoopPolicy() = default;

    /// The calling thread's current loop. Throws RuntimeError when there is none. Not asked while a loop runs.
    [[nodiscard]] virtual EventLoop& get_event_loop() = 0;
    /// Makes `loop` the calling thread's current loop; nullptr: none. Does not own it.
    virtual void set_event_loop(EventLoop* loop) = 0;
    /// A new loop, which is not made the current one.
    [[nodiscard]] virtual std::unique_ptr<EventLoop> new_event_loop() = 0;
};

/// Remembers a current loop for each thread, and makes `EventLoop`s. In the process's first thread it makes one when
/// the thread asks for its loop and never set one; the policy owns that loop, and closes it at its end. (As in 3.13; a
/// debug log message says so, since 3.14 throws there, too.)
///
/// A loop that is destroyed in the thread whose current one it is, is forgotten; in any other case set another one
/// before.
/// Mirrors asyncio.DefaultEventLoopPolicy.
class DefaultEventLoopPolicy : public AbstractEventLoopPolicy {
public:
    /// No loop is current yet.
    DefaultEventLoopPolicy() noexcept;
    ~DefaultEventLoopPolicy() override;

    [[nodiscard]] EventLoop& get_event_loop() override;
    void set_event_loop(EventLoop* loop) override;
    [[nodiscard]] std::unique_ptr<EventLoop> new_event_loop() override;

private:
    std::uint64_t id_;  // never used twice, as an address might be: threads remember loops by it
    /// Of the first thread: one for each process, since a forked child may still stand in a callback of its parent's.
    struct ImplicitLoops;
    detail::Owner<ImplicitLoops> implicit_loops_;
};

/// Makes SelectorEventLoops. Mirrors asyncio.WindowsSelectorEventLoopPolicy (3.8).
class SelectorEventLoopPolicy : public DefaultEventLoopPolicy {
public:
    [[nodiscard]] std::unique_ptr<EventLoop> new_event_loop() override;
};

/// Makes ProactorEventLoops. Mirrors asyncio.WindowsProactorEventLoopPolicy (3.8).
class ProactorEventLoopPolicy : public DefaultEventLoopPolicy {
public:
    [[nodiscard]] std::unique_ptr<EventLoop> new_event_loop() override;
};

/// The policy of the process. Mirrors asyncio.get_event_loop_policy (deprecated in 3.14).
[[nodiscard]] std::shared_ptr<AbstractEventLoopPolicy> get_event_loop_policy();
/// Replaces the policy of the process; nullptr: a new DefaultEventLoopPolicy. Loops that exist are not touched, but
/// which one is a thread's current one is forgotten with the old policy.
/// Mirrors asyncio.set_event_loop_policy (deprecated in 3.14).
void set_event_loop_policy(std::shared_ptr<AbstractEventLoopPolicy> policy);

/// The loop that runs in this thread, else the thread's current one as the policy knows it. Throws RuntimeError
/// "There is no current event loop" when none was set (in the process's first thread: when it was set to nullptr).
/// Prefer `get_running_loop()` in callbacks and coroutines. Mirrors asyncio.get_event_loop.
[[nodiscard]] EventLoop& get_event_loop();
/// Makes `loop` the current one of this thread, nullptr: none; what `get_running_loop()` gives is another matter. Does
/// not own the loop. Mirrors asyncio.set_event_loop.
void set_event_loop(EventLoop* loop);
/// A new loop as the policy makes it; not set as the current one. Mirrors asyncio.new_event_loop.
[[nodiscard]] std::unique_ptr<EventLoop> new_event_loop();

namespace detail {

/// `get_event_loop()`, for what works without a running loop, too.
[[nodiscard]] inline LoopCore& default_loop() {
    if (running_loop != nullptr) [[likely]]
        return *running_loop;
    return asyncio::get_event_loop().core();
}

}  // namespace detail
}  // namespace asyncio
