#pragma once

#include <asyncio/base/clock.hpp>
#include <asyncio/base/light_traits.hpp>
#include <asyncio/base/standard/chrono.hpp>
#include <asyncio/base/standard/memory.hpp>
#include <asyncio/loop/driver.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace asyncio {

namespace detail::simulated {
class Network;
}  // namespace detail::simulated

/// How a SimulatedDriver behaves.
struct SimulatedOptions {
    /// Zero: everything happens in order and as soon as it can. Else the number chooses whatever asyncio does not
    /// promise: which of several ready sockets comes first, where reads and writes are cut short, whether an operation
    /// ends at once, and how long data travels. The loop's random numbers begin with it, too. The same number gives the
    /// same run.
    std::uint64_t seed = 0;
    /// Other threads may wake the loop (executors, call_soon_threadsafe). With nothing to do, the driver then blocks
    /// until they do, where otherwise the run fails as stuck. Virtual time does not wait for them: while a timer is
    /// set, the clock jumps to it.
    bool allow_threads = false;
    /// Virtual time that a connection attempt, a byte, an end of stream or a reset takes to the other side.
    Clock::duration latency = Clock::duration::zero();
    /// Bytes that one direction of a connection holds before the sender has to wait; at least 1.
    std::size_t buffer_size = 64 * 1024;
    /// What the clock shows at the beginning.
    Clock::time_point start = Clock::time_point(std::chrono::seconds(1000));
};
static_assert(detail::trivially_destructible<SimulatedOptions>);

/// A driver without a system: a virtual clock that jumps to the next timer as soon as nothing else is to be done, and
/// TCP-like sockets in memory that connect within this driver, at whatever addresses they are bound to.
///
///     asyncio::EventLoop loop(std::make_unique<asyncio::SimulatedDriver>());
///
/// Sockets behave as the system's do: the backlog, half close, back-pressure, ECONNREFUSED, ECONNRESET after a close
/// with unread data, EPIPE. System calls do not happen, but an interceptor (see testing::FaultPlan) is asked as if they
/// did. Descriptors of the system cannot be used: `adopt` and `watch` give -ENOTSUP.
///
/// While a task is always ready the clock stands still; `advance` moves it by hand.
/// Thread safety: as Driver.
class SimulatedDriver final : public Driver {
public:
    /// A network of its own, without sockets yet.
    explicit SimulatedDriver(const SimulatedOptions& options = {});
    ~SimulatedDriver() override;

    /// Two connected stream sockets.
    void socket_pair(DescriptorPtr& first, DescriptorPtr& second);
    /// Closes like `close`, but the peer gets ECONNRESET instead of an end of stream.
    void abort(Descriptor& descriptor) noexcept;
    /// Moves the clock forward, as if a callback had taken so long.
    void advance(Clock::duration duration) noexcept;
    /// How often the loop has called `wait`: once per iteration.
    [[nodiscard]] std::uint64_t waits() const noexcept { return waits_; }
    /// The same since the clock last jumped: 0 in the iteration to which it jumped. Counts hops from a timer on.
    [[nodiscard]] std::uint64_t waits_since_jump() const noexcept { return waits_ - jump_; }

    [[nodiscard]] std::string_view name() const noexcept override { return "simulated"; }
    [[nodiscard]] Clock::time_point now() noexcept override;
    void wait(Clock::time_point deadline) override;
    void dispatch(WatchSink& sink) override;
    void wake() noexcept override;
    [[nodiscard]] bool has_own_network() const noexcept override { return true; }
    [[nodiscard]] bool polls_every_iteration() const noexcept override { return true; }
    [[nodiscard]] bool may_block_for_ever() const noexcept override;
    /// Only what is on its way: both ends of every connection are in this process.
    [[nodiscard]] bool io_pending() const noexcept override;
    [[nodiscard]] std::uint64_t random_seed() noexcept override { return seed_; }

    std::int64_t open(int family, int type, DescriptorPtr& out) override;
    std::int64_t adopt(int fd, DescriptorPtr& out) override;
    std::int64_t bind(Descriptor& descriptor, const SocketAddress& address) override;
    std::int64_t listen(Descriptor& descriptor, int backlog) override;
    std::int64_t shutdown_write(Descriptor& descriptor) noexcept override;
    /// Accepts every option and has none.
    std::int64_t set_option(Descriptor& descriptor, int level, int option, int value) noexcept override;
    std::int64_t local_address(const Descriptor& descriptor, SocketAddress& out) noexcept override;
    std::int64_t peer_address(const Descriptor& descriptor, SocketAddress& out) noexcept override;
    void close(Descriptor& descriptor) noexcept override;
    std::int64_t try_recv(Descriptor& descriptor, std::span<std::byte> buffer) noexcept override;
    std::int64_t try_send(Descriptor& descriptor, std::span<const std::byte> data) noexcept override;
    bool start(Operation& operation) override;
    bool cancel(Operation& operation) noexcept override;
    std::int64_t watch(int fd, bool read, bool write) override;

private:
    class WakeFlag;

    std::unique_ptr<detail::simulated::Network> network_;
    std::unique_ptr<WakeFlag> woken_;
    std::uint64_t waits_ = 0;
    std::uint64_t seed_;
    std::uint64_t jump_ = 0;
    bool allow_threads_;
};

}  // namespace asyncio
