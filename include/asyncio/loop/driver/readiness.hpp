#pragma once

#include <asyncio/loop/driver.hpp>

#include <cstdint>
#include <vector>

namespace asyncio {

/// A driver on anything that can tell when a descriptor is readable or writable: poll(2), libuv, GLib, a GUI's loop.
/// Sockets and their operations are done here; what derives from it says how to wait, in four functions:
///
///     name()         for messages
///     set_interest() what of a descriptor shall be reported from now on
///     wait()         waits, and calls found() for what is ready
///     wake()         ends wait(), from any thread
///
/// examples/foreign_loop shows a complete one. Reports are level-triggered; one too many does no harm.
/// A derived class whose set_interest must be called before a descriptor is closed calls close_sockets() in its
/// destructor.
class ReadinessDriver : public Driver {
public:
    /// Without sockets yet.
    ReadinessDriver() noexcept;
    ~ReadinessDriver() override;

    [[nodiscard]] Clock::time_point now() noexcept override { return Clock::now(); }
    void dispatch(WatchSink& sink) override;
    [[nodiscard]] bool io_pending() const noexcept override;

    std::int64_t open(int family, int type, DescriptorPtr& out) override;
    std::int64_t adopt(int fd, DescriptorPtr& out) override;
    std::int64_t bind(Descriptor& descriptor, const SocketAddress& address) override;
    std::int64_t listen(Descriptor& descriptor, int backlog) override;
    std::int64_t shutdown_write(Descriptor& descriptor) noexcept override;
    std::int64_t set_option(Descriptor& descriptor, int level, int option, int value) noexcept override;
    std::int64_t local_address(const Descriptor& descriptor, SocketAddress& out) noexcept override;
    std::int64_t peer_address(const Descriptor& descriptor, SocketAddress& out) noexcept override;
    void close(Descriptor& descriptor) noexcept override;

    std::int64_t try_recv(Descriptor& descriptor, std::span<std::byte> buffer) noexcept override;
    std::int64_t try_send(Descriptor& descriptor, std::span<const std::byte> data) noexcept override;

    bool start(Operation& operation) override;
    bool cancel(Operation& operation) noexcept override;

    std::int64_t watch(int fd, bool read, bool write) override;

protected:
    /// From now on it matters whether `fd` is readable, or writable; neither: it is forgotten, and may be closed next.
    /// Result 0 or a negative errno; forgetting never fails.
    virtual std::int64_t set_interest(int fd, bool read, bool write) noexcept = 0;

    /// To be called by wait(): the next dispatch() goes on with it. An error or hang-up is both.
    void found(int fd, bool readable, bool writable);

    /// True when wait() must not block, because operations are to be completed.
    [[nodiscard]] bool must_not_block() const noexcept { return !closed_operations_.empty(); }

    /// Closes every socket; for destructors of derived classes.
    void close_sockets() noexcept;

private:
    class Socket;
    struct Slot {
        Socket* socket = nullptr;
        bool watched_read = false;
        bool watched_write = false;
    };
    struct Found {
        int fd;
        bool readable;
        bool writable;
    };

    [[nodiscard]] bool has_slot(int fd) const noexcept;
    [[nodiscard]] Slot& slot_of(int fd);
    void enroll(int fd, DescriptorPtr& out);
    std::int64_t update_interest(Socket& socket) noexcept;
    void progress(Socket& socket, detail::IntrusiveList<Operation>& operations) noexcept;
    void complete_closed() noexcept;
    [[nodiscard]] std::int64_t attempt(Operation& operation, bool ready) noexcept;
    [[nodiscard]] std::int64_t attempt_accept(Operation& operation) noexcept;
    [[nodiscard]] static std::int64_t attempt_connect(Operation& operation, bool ready) noexcept;

    std::vector<Slot> slots_;  // by descriptor number
    std::vector<Found> found_;
    detail::IntrusiveList<Operation> closed_operations_;
    bool derived_exists_ = true;
};

}  // namespace asyncio
