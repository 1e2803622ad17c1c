#pragma once

#include <asyncio/base/frame_pool.hpp>
#include <asyncio/loop/loop_core.hpp>
#include <asyncio/net/byte_queue.hpp>
#include <asyncio/net/counted.hpp>
#include <asyncio/net/lane.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <span>
#include <string>
#include <string_view>

namespace asyncio::detail {

class Connection;

/// What all handles of a StreamReader share. Reads lazily: the socket is asked only when somebody wants more than the
/// buffer has, and then into the loop's shared buffer, from which results are built directly; only what is left over
/// goes into the own buffer.
class StreamReaderCore final : public Counted, public Pooled {
public:
    /// Throws std::invalid_argument "Limit cannot be <= 0". Without a socket, bytes come by feed_data() alone.
    StreamReaderCore(LoopCore& loop, std::int64_t limit, DescriptorPtr socket);

    // --- by hand ---

    /// Throws RuntimeError after feed_eof().
    void feed_data(std::string_view data);
    void feed_eof() noexcept;
    void set_exception(std::exception_ptr error) noexcept;
    [[nodiscard]] const std::exception_ptr& exception() const noexcept { return error_; }
    /// Asks the socket if the buffer is empty.
    [[nodiscard]] bool at_eof();

    // --- for those who read ---

    [[nodiscard]] std::size_t limit() const noexcept { return limit_; }
    [[nodiscard]] Lane& lane() noexcept { return lane_; }
    [[nodiscard]] bool ended() const noexcept { return ended_; }
    /// What has been received and not been taken. Valid until the next call.
    [[nodiscard]] std::string_view available() const noexcept { return loose_.empty() ? buffer_.view() : loose_; }
    /// Precondition: count <= available().size().
    void consume(std::size_t count) noexcept {
        if (loose_.empty()) {
            buffer_.consume(count);
        } else {
            loose_.remove_prefix(count);
        }
    }
    [[nodiscard]] std::string take(std::size_t count);
    [[nodiscard]] std::string take_all() { return take(available().size()); }

    /// False when this stream has had its share of the present step, see Attempt::later.
    [[nodiscard]] bool may_receive() noexcept;
    /// A new step: the share is whole again.
    void renew_share() noexcept { received_in_a_row_ = 0; }
    /// Asks the socket for more, `wanted` being a hint. 0: there is more, or the end, or an exception; -EAGAIN: nothing
    /// now. Throws std::system_error when the system has no memory at the moment.
    [[nodiscard]] std::int64_t receive(std::size_t wanted);
    /// The same straight into `target`: the number of bytes. Precondition: nothing is available.
    [[nodiscard]] std::int64_t receive_into(std::span<std::byte> target);
    /// Saves what is in the shared buffer; before anybody else may use that.
    void settle() noexcept;

    /// The connection that this reader belongs to, and that has to hear of errors; nullptr without one.
    Connection* connection = nullptr;

private:
    [[nodiscard]] std::int64_t note_result(std::int64_t result);

    LoopPtr loop_;
    Lane lane_;
    std::size_t limit_;
    ByteQueue buffer_;
    std::string_view loose_;  // in the loop's shared buffer; the own one is empty then
    std::exception_ptr error_;
    std::uint32_t received_in_a_row_ = 0;
    bool ended_ = false;
};

using StreamReaderPtr = IntrusivePtr<StreamReaderCore>;

}  // namespace asyncio::detail
