#pragma once

#include <asyncio/base/exceptions.hpp>
#include <asyncio/base/frame_pool.hpp>
#include <asyncio/base/intrusive_list.hpp>
#include <asyncio/base/intrusive_ptr.hpp>
#include <asyncio/loop/driver.hpp>
#include <asyncio/loop/loop_core.hpp>
#include <asyncio/net/write_buffer.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <span>
#include <string>
#include <string_view>

namespace asyncio::detail {

/// Something that wants to know when a connection is closed, such as the server that accepted it.
class ConnectionOwner {
public:
    virtual void connection_closed(class Connection& connection) noexcept = 0;

protected:
    ~ConnectionOwner() = default;
};

/// A task that waits in drain() or wait_closed().
struct ConnectionWaiter : ListHook {
    virtual void proceed() noexcept = 0;

protected:
    ~ConnectionWaiter() = default;
};

/// What a StreamReader and its StreamWriter share: a connected socket, the bytes that were read too far, and the bytes
/// that are still to be sent.
///
///     open ──close()──► closing (flushes) ──all sent──► closed
///       └──────abort(), or an error while sending────────►┘
///
/// Reading is lazy: only a read that finds no bytes asks the socket. Sending is eager: what the socket does not take at
/// once is flushed by an operation that belongs to the connection, not to a task.
class Connection final : public ListHook, public LineAligned {
public:
    Connection(LoopCore& loop, DescriptorPtr socket, std::size_t limit);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    void retain() noexcept { ++references_; }
    void release() noexcept {
        if (--references_ == 0) destroy();
    }
    /// A StreamWriter comes or goes; the last one that goes closes the connection.
    void retain_writer() noexcept { ++writers_; }
    void release_writer() noexcept;

    // --- reading ---

    /// Bytes that were read and not yet taken.
    [[nodiscard]] std::string_view buffered() const noexcept { return std::string_view(incoming_).substr(taken_); }
    [[nodiscard]] std::string take(std::size_t size);
    void consume(std::size_t size) noexcept;
    void append(std::string_view data) { incoming_.append(data.data(), data.size()); }

    /// Receives straight into `target`: bytes, 0 at the end of the stream, or -EAGAIN. Throws what broke the
    /// connection. Both are in src/net/receive.hpp.
    inline std::int64_t receive(std::span<std::byte> target);
    /// The same into the loop's read buffer, which is valid until the next suspension: `wanted` bytes, and what may be
    /// read ahead.
    inline std::int64_t receive_shared(std::string_view& data, std::size_t wanted);
    /// False, once in a while, when much was read without a wait: the reader gives way for one iteration, so that a
    /// busy peer does not starve the others.
    [[nodiscard]] bool may_go_on() noexcept {
        if (++immediate_reads_ <= immediate_reads_in_a_row && immediate_bytes_ < read_ahead) return true;
        reader_waits();
        return false;
    }
    void reader_waits() noexcept { immediate_reads_ = immediate_bytes_ = 0; }

    /// Whether no more will be received.
    [[nodiscard]] bool ended() const noexcept { return eof_ || closing_; }
    void feed_eof() noexcept { eof_ = true; }
    [[nodiscard]] bool eof() const noexcept { return eof_; }
    void set_exception(std::exception_ptr error) noexcept { error_ = std::move(error); }
    [[nodiscard]] const std::exception_ptr& exception() const noexcept { return error_; }
    void throw_if_broken() const {
        if (error_) [[unlikely]]
            std::rethrow_exception(error_);
    }
    [[nodiscard]] std::size_t limit() const noexcept { return limit_; }

    // --- writing ---

    void write(std::string_view data);
    /// Collects without sending; send_collected() follows.
    void collect(std::string_view data);
    void send_collected() noexcept;
    void write_eof();
    void set_write_buffer_limits(std::size_t high, std::size_t low) noexcept;
    [[nodiscard]] std::size_t write_buffer_size() const noexcept { return outgoing_.size(); }
    [[nodiscard]] std::size_t high_water() const noexcept { return high_; }
    [[nodiscard]] std::size_t low_water() const noexcept { return low_; }
    [[nodiscard]] bool paused() const noexcept { return paused_; }

    /// Flushes in the background, then closes. Idempotent.
    void close() noexcept;
    /// Closes at once; what was not sent is lost.
    void abort() noexcept;
    [[nodiscard]] bool closing() const noexcept { return closing_; }
    [[nodiscard]] bool closed() const noexcept { return closed_; }

    [[nodiscard]] LoopCore& loop() const noexcept { return *loop_; }
    [[nodiscard]] const DescriptorPtr& socket() const noexcept { return socket_; }

private:
    static constexpr std::uint32_t immediate_reads_in_a_row = 16;
    static constexpr std::size_t read_ahead = 64 * 1024;

    [[nodiscard]] std::int64_t receive_no_more();
    [[nodiscard]] std::int64_t received_nothing(std::int64_t result);
    void destroy() noexcept;
    static void sent(Operation& operation) noexcept;
    void flush() noexcept;
    void advance(std::int64_t result) noexcept;
    void all_sent() noexcept;
    /// The connection is broken: `operation` and the peer make the exception's text.
    void fail(int error, const char* operation) noexcept;
    void discard_input() noexcept;
    void finish() noexcept;
    void log_closed() const noexcept;
    void update_pause() noexcept;
    /// False when data is dropped, since the connection has ended. Throws RuntimeError after write_eof() and on a
    /// closed loop.
    [[nodiscard]] bool accepts_data();
    void ignore_write() noexcept;

    // In front, close together, what every read and every write touches: with many connections each cache line counts
    // as much as a hundred instructions.
    std::uint32_t references_ = 0;
    std::uint32_t writers_ = 0;
    LoopPtr loop_;
    DescriptorPtr socket_;
    std::exception_ptr error_;
    std::uint32_t immediate_reads_ = 0;  // since the reader last waited
    std::uint32_t immediate_bytes_ = 0;
    bool eof_ = false;
    bool eof_wanted_ = false;
    bool paused_ = false;
    bool closing_ = false;
    bool closed_ = false;

public:
    bool read_waits = false;  // a reader is suspended

private:
    std::string incoming_;
    std::size_t taken_ = 0;
    WriteBuffer outgoing_;

    std::size_t limit_;
    std::size_t high_ = 64 * 1024;
    std::size_t low_ = 16 * 1024;
    std::uint32_t ignored_writes_ = 0;
    struct Sending : Operation {
        using Operation::Operation;
        Connection* connection = nullptr;
    } sending_;

public:
    IntrusiveList<ConnectionWaiter> drains;
    IntrusiveList<ConnectionWaiter> closers;
    ConnectionOwner* owner = nullptr;
    SocketAddress peername;
    SocketAddress sockname;
};

using ConnectionPtr = IntrusivePtr<Connection>;

}  // namespace asyncio::detail
