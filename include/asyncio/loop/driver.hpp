#pragma once

#include <asyncio/base/clock.hpp>
#include <asyncio/base/intrusive_list.hpp>
#include <asyncio/base/intrusive_ptr.hpp>
#include <asyncio/base/socket_address.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace asyncio {

namespace detail {
class QuickSocket;
}  // namespace detail

class Driver;

/// A socket that a driver has opened or taken over. Reference counted: the object lives on, closed, while operations or
/// users still refer to it, and its number is not reused before all that was pending has been completed.
class Descriptor {
public:
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    /// One more reference.
    void retain() noexcept { ++references_; }
    /// One less; the last one destroys the object.
    void release() noexcept {
        if (--references_ == 0) delete this;
    }

    /// The system's number; -1 in the simulated driver and after close.
    [[nodiscard]] int fd() const noexcept { return fd_; }
    /// Whether the driver has closed it.
    [[nodiscard]] bool closed() const noexcept { return closed_; }

protected:
    Descriptor() noexcept = default;
    virtual ~Descriptor() = default;
    int fd_ = -1;
    bool closed_ = false;

private:
    std::uint32_t references_ = 0;
};

/// A counted reference.
using DescriptorPtr = detail::IntrusivePtr<Descriptor>;

/// One operation on a descriptor. Lives in the frame of the coroutine that awaits it (or in the object that runs it),
/// which must keep it and its buffer in place until it is over.
///
///     idle ──start()──► pending ──dispatch()──► idle, complete() called
///       ▲ └─ done at once (start returned true)    │
///       └──────────── cancel() returned true ◄─────┘ (complete() is not called)
class Operation : public detail::ListHook {
public:
    /// What an operation does.
    enum class Kind : std::uint8_t {
        readable,  ///< a recv is worth trying (it may find nothing all the same); result 0
        writable,  ///< a send is worth trying; result 0
        recv,      ///< into `buffer`; result: bytes, 0 at end of file
        send,      ///< from `buffer`; result: bytes, at least 1
        accept,    ///< result 0, `accepted` and `address` set
        connect,   ///< to `address`; result 0
    };
    /// Called inside dispatch() or dispatch_one(), when `result` is set; must not throw and runs no user code.
    using Complete = void (*)(Operation&) noexcept;
    /// Fetches into the cache what will be needed when the operation is complete; a hint that a driver may give when it
    /// is the next of very many.
    using Prefetch = void (*)(const Operation&) noexcept;

    /// An idle one. Buffer or address are set before it is started.
    Operation(Kind kind, DescriptorPtr descriptor, Complete complete) noexcept
        : kind(kind),
          complete(complete),
          descriptor(static_cast<DescriptorPtr&&>(descriptor)) {}

    Kind kind;                         ///< what it does
    bool pending = false;              ///< set and cleared by the driver
    Complete complete;                 ///< called when it is over, unless at once
    DescriptorPtr descriptor;          ///< where
    Prefetch prefetch = nullptr;       ///< nullptr: nothing to fetch
    std::int64_t result = 0;           ///< as `Kind` says, or a negative errno
    std::byte* buffer = nullptr;       ///< of recv and send
    std::size_t size = 0;              ///< of the buffer, in bytes
    SocketAddress* address = nullptr;  ///< connect: where to; accept: gets the peer's, unless nullptr
    DescriptorPtr accepted;            ///< accept: the new connection
};

/// Receives the readiness of descriptors given to Driver::watch. Called inside dispatch() or dispatch_one().
class WatchSink {
public:
    /// `fd` can be read from, or written to, as far as that is watched.
    virtual void watched_ready(int fd, bool readable, bool writable) noexcept = 0;

protected:
    ~WatchSink() = default;
};

/// What a loop runs on: the clock, waiting, sockets and their operations. Derive from it to put a loop on something
/// else. Every error is a negative errno; a function that is not `noexcept` may throw std::bad_alloc.
///
/// A driver that is destroyed closes its sockets and completes what is pending on them with -EBADF.
/// Thread safety: `wake()` from any thread and from signal handlers, everything else on the loop's thread only.
class Driver {
public:
    Driver() = default;
    Driver(const Driver&) = delete;
    Driver& operator=(const Driver&) = delete;
    virtual ~Driver() = default;

    /// "epoll", "simulated" …, for messages.
    [[nodiscard]] virtual std::string_view name() const noexcept = 0;

    // --- time and waiting ---

    /// The loop's time.
    [[nodiscard]] virtual Clock::time_point now() noexcept = 0;

    /// Blocks until something is ready, `wake()` was called or `deadline` has come. `time_point::min()`: does not
    /// block; `max()`: no deadline. Spurious returns are allowed. Must run nothing that uses the loop.
    virtual void wait(Clock::time_point deadline) = 0;

    /// Completes what `wait` found: calls `complete` of operations and tells `sink` of watched descriptors. A driver
    /// may leave some of it to dispatch_one().
    virtual void dispatch(WatchSink& sink) = 0;

    /// Whether `wait` found something that is still to be completed by dispatch_one(). Such a driver's next `wait` must
    /// not lose it.
    [[nodiscard]] virtual bool events_left() const noexcept { return false; }
    /// Completes one of these events, if there is one. Returns what events_left() is then. The loop runs what that
    /// leads to before it asks for the next one, so that a task runs while what belongs to its connection is still in
    /// the processor's cache.
    virtual bool dispatch_one(WatchSink&) noexcept { return false; }
    /// dispatch() and then every event: for whoever uses a driver without a loop.
    void dispatch_all(WatchSink& sink) {
        dispatch(sink);
        while (dispatch_one(sink)) {
        }
    }

    /// Ends a `wait`, the present one or the next.
    virtual void wake() noexcept = 0;

    /// True when a loop that is never idle shall ask for I/O in every iteration, not only in every 64th and
    /// after a millisecond.
    [[nodiscard]] virtual bool polls_every_iteration() const noexcept { return false; }

    /// What a loop does when nothing is ready, no timer is set and nothing is pending: true blocks (the default),
    /// false makes the run fail, because no other thread could ever wake it.
    [[nodiscard]] virtual bool may_block_for_ever() const noexcept { return true; }

    /// Whether an operation is pending or a descriptor is watched, as far as the driver knows: something may come even
    /// if nobody in this process does anything. Asked in debug mode, before the loop sleeps without a deadline.
    [[nodiscard]] virtual bool io_pending() const noexcept { return true; }

    /// True when the network is the driver's own: names are not looked up in the system, "localhost" is all there is.
    [[nodiscard]] virtual bool has_own_network() const noexcept { return false; }

    /// This process is a forked child of the one that made the driver, and shares its descriptors with it: lets go of
    /// the driver's own (not of the sockets), so that nothing done here, such as closing, changes what the parent waits
    /// for. The driver will not wait any more. May be called more than once, and between fork() and its return.
    virtual void forked() noexcept {}

    /// Where the loop's random numbers begin. A driver that shall repeat its runs gives the same number each time.
    [[nodiscard]] virtual std::uint64_t random_seed() noexcept {
        return static_cast<std::uint64_t>(now().time_since_epoch().count()) ^ reinterpret_cast<std::uintptr_t>(this);
    }

    // --- sockets ---

    /// Opens a socket of the system's AF_… family and SOCK_… type. Result 0 or a negative errno.
    virtual std::int64_t open(int family, int type, DescriptorPtr& out) = 0;
    /// Takes over an open, non-blocking socket; on failure the caller keeps it.
    virtual std::int64_t adopt(int fd, DescriptorPtr& out) = 0;
    /// Gives it a local address. Result 0 or a negative errno.
    virtual std::int64_t bind(Descriptor& descriptor, const SocketAddress& address) = 0;
    /// Accepts connections; `backlog` may wait to be accepted. Result 0 or a negative errno.
    virtual std::int64_t listen(Descriptor& descriptor, int backlog) = 0;
    /// Ends the sending side.
    virtual std::int64_t shutdown_write(Descriptor& descriptor) noexcept = 0;
    /// As setsockopt, for options that are an int. Result 0 or a negative errno.
    virtual std::int64_t set_option(Descriptor& descriptor, int level, int option, int value) noexcept = 0;
    /// The address of this side. Result 0 or a negative errno.
    virtual std::int64_t local_address(const Descriptor& descriptor, SocketAddress& out) noexcept = 0;
    /// The address of the other side. Result 0 or a negative errno.
    virtual std::int64_t peer_address(const Descriptor& descriptor, SocketAddress& out) noexcept = 0;
    /// Closes at once. Operations pending on it complete with -EBADF in the next dispatch(), before the number can be
    /// used again by this driver. Closing twice does nothing.
    virtual void close(Descriptor& descriptor) noexcept = 0;

    // --- attempts: -EAGAIN when they would block (costs no system call where that is known) ---

    /// Receives what is there. Result: bytes, 0 at end of file, or a negative errno.
    virtual std::int64_t try_recv(Descriptor& descriptor, std::span<std::byte> buffer) noexcept = 0;
    /// Sends what there is room for. Result: bytes, or a negative errno.
    virtual std::int64_t try_send(Descriptor& descriptor, std::span<const std::byte> data) noexcept = 0;

    // --- operations ---

    /// Starts an operation, after those of the same kind that are pending on the descriptor. True: done at once,
    /// `result` is set and `complete` will not be called. False: pending.
    virtual bool start(Operation& operation) = 0;

    /// Ends a pending operation. True: it is over and nothing touches it any more. False: it has to be waited for,
    /// `complete` will follow (result -ECANCELED, or its own if it won the race).
    virtual bool cancel(Operation& operation) noexcept = 0;

    // --- readiness of foreign descriptors (add_reader, add_writer), level-triggered ---

    /// Sets what of `fd` is watched; neither removes it. Result 0 or a negative errno; removing never fails.
    virtual std::int64_t watch(int fd, bool read, bool write) = 0;

protected:
    /// Set by the library's own: all its descriptors are detail::QuickSocket, and streams try them without a call of
    /// it.
    bool quick_sockets_ = false;

private:
    friend class detail::QuickSocket;
};

}  // namespace asyncio
