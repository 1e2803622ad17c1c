#include <asyncio/net/stream_reader_core.hpp>

#include <asyncio/base/exceptions.hpp>
#include <asyncio/net/connection.hpp>

#include <algorithm>
#include <cerrno>
#include <stdexcept>

namespace asyncio::detail {

namespace {

/// How often in a row a task may take from one socket before others have their turn.
constexpr std::uint32_t share_per_step = 16;
/// Less than this is never asked for: few large calls are cheaper, and a short answer tells that the socket is drained.
constexpr std::size_t smallest_request = 64 * 1024;

std::size_t checked_limit(std::int64_t limit) {
    if (limit <= 0) throw std::invalid_argument("Limit cannot be <= 0");
    return static_cast<std::size_t>(limit);
}

}  // namespace

StreamReaderCore::StreamReaderCore(LoopCore& loop, std::int64_t limit, DescriptorPtr socket)
    : loop_(&loop),
      lane_(*this, loop, Operation::Kind::readable, std::move(socket)),
      limit_(checked_limit(limit)) {}

void StreamReaderCore::feed_data(std::string_view data) {
    if (ended_) throw RuntimeError("feed_data after feed_eof");
    if (data.empty()) return;
    buffer_.append(data);
    lane_.retry_soon();
}

void StreamReaderCore::feed_eof() noexcept {
    ended_ = true;
    lane_.retry_soon();
}

void StreamReaderCore::set_exception(std::exception_ptr error) noexcept {
    error_ = std::move(error);
    lane_.retry_soon();
}

bool StreamReaderCore::at_eof() {
    if (!available().empty()) return false;
    if (ended_ || error_ || lane_.in_use()) return ended_;
    static_cast<void>(receive(0));
    settle();
    return ended_;
}

std::string StreamReaderCore::take(std::size_t count) {
    if (loose_.empty() && count == buffer_.size()) return buffer_.take_all();
    std::string taken(available().substr(0, count));
    consume(count);
    return taken;
}

bool StreamReaderCore::may_receive() noexcept {
    if (received_in_a_row_ < share_per_step) return true;
    received_in_a_row_ = 0;
    return false;
}

std::int64_t StreamReaderCore::receive(std::size_t wanted) {
    Descriptor* const socket = lane_.socket();
    if (socket == nullptr || socket->closed()) return -EAGAIN;
    settle();
    const std::span<std::byte> shared = loop_->read_buffer();
    const std::size_t size = std::min(std::max({wanted, 2 * limit_, smallest_request}), shared.size());
    const std::int64_t result = loop_->driver().try_recv(*socket, shared.first(size));
    if (result <= 0) return note_result(result);
    ++received_in_a_row_;
    const std::string_view data(reinterpret_cast<const char*>(shared.data()), static_cast<std::size_t>(result));
    if (buffer_.empty()) {
        loose_ = data;
    } else {
        buffer_.append(data);
    }
    return 0;
}

std::int64_t StreamReaderCore::receive_into(std::span<std::byte> target) {
    Descriptor* const socket = lane_.socket();
    if (socket == nullptr || socket->closed()) return -EAGAIN;
    const std::int64_t result = loop_->driver().try_recv(*socket, target);
    if (result <= 0) return note_result(result);
    ++received_in_a_row_;
    return result;
}

std::int64_t StreamReaderCore::note_result(std::int64_t result) {
    switch (result) {
        case 0:
            ended_ = true;
            return 0;
        case -EAGAIN:
            return -EAGAIN;
        // The socket is as it was: only this attempt fails.
        case -ENOMEM:
        case -ENOBUFS:
            throw_os_error(static_cast<int>(-result), "receive");
        default:
            break;
    }
    if (connection != nullptr) {
        connection->fail(result, "receive from");  // gives the exception to this reader, too
    } else {
        error_ = error_of(result, "receive");
    }
    return 0;
}

void StreamReaderCore::settle() noexcept {
    if (loose_.empty()) return;
    try {
        buffer_.append(loose_);
    } catch (...) {
        error_ = std::current_exception();  // bytes are lost, which later reads must not hide
    }
    loose_ = {};
}

}  // namespace asyncio::detail
