#pragma once

#include <asyncio/base/light_traits.hpp>
#include <asyncio/base/standard/ranges.hpp>
#include <asyncio/net/connection.hpp>
#include <asyncio/task/waiter.hpp>

#include <coroutine>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

namespace asyncio {

namespace detail {

/// Waits until the write buffer is below its low mark.
class DrainAwaiter final : public Waiter, private ConnectionWaiter {
public:
    explicit DrainAwaiter(ConnectionPtr connection) noexcept : connection_(std::move(connection)) {}
    ~DrainAwaiter() {
        if (linked()) destroyed_while_waiting();
    }

    [[nodiscard]] bool await_ready() noexcept {
        lost_ = connection_->closed();
        return connection_->exception() || (!connection_->paused() && !connection_->closing());
    }
    template <class P>
    void await_suspend(std::coroutine_handle<P> handle) {
        bind_to_current_task();
        if (enter()) {
            suspend(handle);
        } else {
            task_->wake();
            task_->suspend(handle.promise(), nullptr);
        }
    }
    void await_resume() {
        if (task_ != nullptr || lost_ || connection_->exception()) [[unlikely]]
            end();
    }
    bool cancel(std::string_view message) noexcept override;

private:
    void end();
    /// False when there is nothing to wait for: a closing connection only gives way, so that a loop of write and drain
    /// sees the loss.
    bool enter() noexcept;
    void proceed() noexcept override { wake(); }

    ConnectionPtr connection_;
    bool lost_ = false;
};

/// Waits until the connection is closed.
class ClosedAwaiter final : public Waiter, private ConnectionWaiter {
public:
    explicit ClosedAwaiter(ConnectionPtr connection) noexcept : connection_(std::move(connection)) {}
    ~ClosedAwaiter() {
        if (linked()) destroyed_while_waiting();
    }

    [[nodiscard]] bool await_ready() const noexcept { return connection_->closed(); }
    template <class P>
    void await_suspend(std::coroutine_handle<P> handle) {
        bind_to_current_task();
        connection_->closers.push_back(*this);
        suspend(handle);
    }
    void await_resume();
    bool cancel(std::string_view message) noexcept override;

private:
    void proceed() noexcept override { wake(); }

    ConnectionPtr connection_;
};

}  // namespace detail

/// Options of StreamWriter::set_write_buffer_limits, in bytes. Only `low`: high is four times that; only `high`: low is
/// a quarter of it.
struct WriteBufferLimits {
    std::optional<std::size_t> high{};  ///< `drain()` waits when more is buffered
    std::optional<std::size_t> low{};   ///< and goes on when it is down to this
};
static_assert(detail::trivially_destructible<WriteBufferLimits>);

/// The sending side of a connection. Copying copies the reference; dropping the last one closes the connection (with a
/// warning in debug mode, since nobody waited for it).
///
/// Thread safety: the loop's thread only. Mirrors asyncio.StreamWriter.
class StreamWriter {
public:
    /// Used by the library.
    explicit StreamWriter(detail::ConnectionPtr connection) noexcept : connection_(std::move(connection)) {
        connection_->retain_writer();
    }
    /// One more reference to the connection.
    StreamWriter(const StreamWriter& other) noexcept : StreamWriter(other.connection_) {}
    /// Leaves `other` without a connection.
    StreamWriter(StreamWriter&& other) noexcept : connection_(std::move(other.connection_)) {}
    /// Drops the reference that was here.
    StreamWriter& operator=(StreamWriter other) noexcept {
        connection_.swap(other.connection_);
        return *this;
    }
    ~StreamWriter() {
        if (connection_) connection_->release_writer();
    }

    /// Sends at once what the socket takes and buffers the rest; never blocks and never throws for a lost connection
    /// (drain does). Ignored after close. Throws RuntimeError after write_eof().
    void write(std::string_view data) { connection_->write(data); }
    /// The same for raw bytes.
    void write(std::span<const std::byte> data) {
        connection_->write({reinterpret_cast<const char*>(data.data()), data.size()});
    }
    /// Writes every element of a range, in order and in one go.
    template <std::ranges::input_range R>
    void writelines(R&& lines) {
        for (auto&& line : lines) connection_->collect(std::string_view(line));
        connection_->send_collected();
    }
    /// Waits while more than the high mark is buffered, until the low mark is reached; otherwise does not suspend.
    /// Throws what broke the connection, ConnectionResetError when it was closed before. Cancelled: the data is still
    /// sent.
    [[nodiscard("write co_await writer.drain()")]] detail::DrainAwaiter drain() const {
        return detail::DrainAwaiter(connection_);
    }

    /// Ends the sending side after the buffer is out; reading goes on. A second call does nothing.
    void write_eof() { connection_->write_eof(); }
    /// Always true.
    [[nodiscard]] bool can_write_eof() const noexcept { return true; }

    /// Sends what is buffered in the background, then closes; nothing more is read. Idempotent.
    void close() noexcept { connection_->close(); }
    /// Closes at once and drops what is buffered.
    void abort() noexcept { connection_->abort(); }
    /// Whether `close()` or `abort()` was called, or the connection is lost. Since 3.7.
    [[nodiscard]] bool is_closing() const noexcept { return connection_->closing(); }
    /// Returns when everything is sent and the connection is closed; throws what broke it. Since 3.7.
    [[nodiscard("write co_await writer.wait_closed()")]] detail::ClosedAwaiter wait_closed() const {
        return detail::ClosedAwaiter(connection_);
    }

    /// Defaults: high 64 KiB, low a quarter. Throws std::invalid_argument when high < low.
    void set_write_buffer_limits(WriteBufferLimits limits = {});
    /// Low and high.
    [[nodiscard]] std::pair<std::size_t, std::size_t> get_write_buffer_limits() const noexcept;
    /// How many bytes are buffered.
    [[nodiscard]] std::size_t get_write_buffer_size() const noexcept { return connection_->write_buffer_size(); }

    /// The peer's address. Mirrors `get_extra_info("peername")`.
    [[nodiscard]] const SocketAddress& peername() const noexcept { return connection_->peername; }
    /// This side's address. Mirrors `get_extra_info("sockname")`.
    [[nodiscard]] const SocketAddress& sockname() const noexcept { return connection_->sockname; }

    /// Used by the library.
    [[nodiscard]] detail::Connection& connection() const noexcept { return *connection_; }

private:
    detail::ConnectionPtr connection_;
};

}  // namespace asyncio
