#pragma once

#include <asyncio/base/standard/memory.hpp>
#include <asyncio/base/unique_fd.hpp>
#include <asyncio/loop/driver.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

struct epoll_event;

namespace asyncio {

/// The readiness driver on Linux's epoll.
///
/// Sockets are armed once, edge-triggered, and their readiness is remembered: an operation is tried first when the
/// socket may be ready, and costs no system call when it is known not to be. A read or write shorter than asked means
/// drained, unless the end or urgent data is in sight. Descriptors of add_reader and add_writer are level-triggered.
///
/// Streams try its sockets themselves, without a call of try_recv() and try_send(): so these are final.
///
/// The clock is CLOCK_MONOTONIC with a granularity of at most one microsecond: within one, the last reading is given
/// again, since reading it costs more than setting a timer.
class EpollDriver : public Driver {
public:
    /// Throws std::system_error when the system refuses a descriptor.
    EpollDriver();
    ~EpollDriver() override;

    [[nodiscard]] std::string_view name() const noexcept override { return "epoll"; }
    [[nodiscard]] Clock::time_point now() noexcept override;
    void wait(Clock::time_point deadline) override;
    void dispatch(WatchSink& sink) override;
    [[nodiscard]] bool events_left() const noexcept override { return next_event_ < event_count_; }
    bool dispatch_one(WatchSink& sink) noexcept override;
    void wake() noexcept override;
    [[nodiscard]] bool io_pending() const noexcept override;
    void forked() noexcept override;

    std::int64_t open(int family, int type, DescriptorPtr& out) override;
    std::int64_t adopt(int fd, DescriptorPtr& out) override;
    std::int64_t bind(Descriptor& descriptor, const SocketAddress& address) override;
    std::int64_t listen(Descriptor& descriptor, int backlog) override;
    std::int64_t shutdown_write(Descriptor& descriptor) noexcept override;
    std::int64_t set_option(Descriptor& descriptor, int level, int option, int value) noexcept override;
    std::int64_t local_address(const Descriptor& descriptor, SocketAddress& out) noexcept override;
    std::int64_t peer_address(const Descriptor& descriptor, SocketAddress& out) noexcept override;
    void close(Descriptor& descriptor) noexcept override;

    std::int64_t try_recv(Descriptor& descriptor, std::span<std::byte> buffer) noexcept final;
    std::int64_t try_send(Descriptor& descriptor, std::span<const std::byte> data) noexcept final;

    bool start(Operation& operation) override;
    bool cancel(Operation& operation) noexcept override;

    std::int64_t watch(int fd, bool read, bool write) override;

private:
    class Entry;
    struct Slot {
        Entry* entry = nullptr;        // an open socket of this driver
        std::uint32_t generation = 0;  // rises whenever the number changes hands, so that late events are recognised
        bool watched_read = false;
        bool watched_write = false;
    };

    [[nodiscard]] const Slot* slot_of_event(int i) const noexcept;
    [[nodiscard]] Entry* entry_of_event(int i) const noexcept;
    inline void prefetch() const noexcept;
    inline void dispatch_event(const epoll_event& event, WatchSink& sink) noexcept;
    void dispatch_unusual(std::size_t fd, std::uint32_t events, WatchSink& sink) noexcept;
    void go_on(Entry& entry) noexcept;
    void progress(Entry& entry, detail::IntrusiveList<Operation>& operations) noexcept;
    void complete_closed() noexcept;
    void enroll(int fd, DescriptorPtr& out);
    [[nodiscard]] bool start_in_full(Operation& operation);
    [[nodiscard]] std::int64_t arm(Entry& entry) noexcept;
    [[nodiscard]] std::int64_t attempt(Operation& operation);
    [[nodiscard]] std::int64_t attempt_accept(Operation& operation);
    [[nodiscard]] static std::int64_t attempt_connect(Operation& operation) noexcept;
    [[nodiscard]] std::uint64_t token_of(int fd) const noexcept;

    Clock::time_point last_reading_{};
    std::uint64_t last_ticks_ = 0;
    detail::UniqueFd epoll_;
    detail::UniqueFd wakeup_;
    bool asks_system_ = false;  // something was watched at some time: until then the system has nothing to tell
    std::vector<Slot> slots_;   // by descriptor number
    detail::IntrusiveList<Operation> closed_operations_;
    std::unique_ptr<epoll_event[]> events_;
    int event_count_ = 0;
    int next_event_ = 0;
};

}  // namespace asyncio
