#pragma once

#include <asyncio/base/intrusive_list.hpp>
#include <asyncio/base/ready_queue.hpp>
#include <asyncio/loop/driver.hpp>
#include <asyncio/loop/loop_core.hpp>
#include <asyncio/net/counted.hpp>
#include <asyncio/task/waiter.hpp>

#include <coroutine>
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>

namespace asyncio::detail {

class Lane;

/// How an attempt at something on a socket ended.
enum class Attempt : std::uint8_t {
    done,     ///< with a result or an error
    blocked,  ///< the socket has to become ready first
    later,    ///< it is another one's turn: once more in the next iteration
};

/// Waits in a lane until its attempt is done. Nothing is taken from the socket before the task runs, so a cancelled
/// wait loses nothing. One that was not awaited yet may be moved.
class LaneWaiter : public Waiter, public ListHook {
public:
    LaneWaiter() noexcept = default;
    LaneWaiter(LaneWaiter&&) noexcept : LaneWaiter() {}

    bool cancel(std::string_view message) noexcept final;

protected:
    ~LaneWaiter();

    /// Does what is waited for, if that is possible now; called in the task's turn, and followed by its step when done.
    virtual Attempt attempt() noexcept = 0;

    template <class P>
    void wait_in(Lane& lane, Attempt first, std::coroutine_handle<P> handle) {
        bind_to_current_task();
        enter(lane, first);
        suspend(handle);
    }
    /// Throws what the wait ended with, if it is no result.
    void check() {
        if (task_ != nullptr) resumed();
        if (error_) [[unlikely]]
            std::rethrow_exception(std::exchange(error_, nullptr));
    }

    std::exception_ptr error_;

private:
    friend Lane;
    void enter(Lane& lane, Attempt first);
    void resume_now();

    Lane* lane_ = nullptr;  // while it waits
};

/// One direction of a socket, and those who wait for it in the order of their coming.
///
///     idle ──enter(blocked)──► armed ──the driver finds it ready──► queued ──► the first one's attempt
///                                ▲                                    ▲          │ blocked → armed
///                                └────────────────────────────────────┴──────────┘ later, or more wait → queued
///
/// When the attempt is done, its task's step runs in the place of the lane's own turn in the ready queue. The owner is
/// kept alive while the lane is armed or queued.
class Lane : private Operation, private ReadyNode {
public:
    /// `kind` is readable or writable; without a descriptor only retry_soon() brings anything on. The owner must keep
    /// the loop's core.
    Lane(Counted& owner, LoopCore& loop, Kind kind, DescriptorPtr descriptor) noexcept;

    [[nodiscard]] bool in_use() const noexcept { return !waiters_.empty(); }
    [[nodiscard]] bool is_first(const LaneWaiter& waiter) const noexcept { return waiters_.front() == &waiter; }
    [[nodiscard]] LoopCore& loop() const noexcept { return loop_; }
    /// nullptr for a lane without one.
    [[nodiscard]] Descriptor* socket() const noexcept { return Operation::descriptor.get(); }

    /// Lets the first one try in the next iteration.
    void retry_soon() noexcept;

private:
    friend LaneWaiter;
    /// Throws std::system_error when the driver refuses, and then the waiter is not entered.
    void enter(LaneWaiter& waiter, Attempt first);
    void leave(LaneWaiter& waiter) noexcept;
    [[nodiscard]] std::int64_t arm() noexcept;
    void disarm() noexcept;
    void serve();
    static void on_ready(Operation& operation) noexcept;
    static void run_node(ReadyNode& node, Turn turn);

    Counted& owner_;
    LoopCore& loop_;
    bool queued_ = false;
    IntrusiveList<LaneWaiter> waiters_;
};

/// os_error() where nothing may be thrown. `result` is a negative errno.
[[nodiscard]] std::exception_ptr error_of(std::int64_t result, const char* operation,
                                          const SocketAddress& address) noexcept;
/// The same with an address known to whoever has it in text form.
[[nodiscard]] std::exception_ptr error_of(std::int64_t result, std::string_view what) noexcept;

}  // namespace asyncio::detail
