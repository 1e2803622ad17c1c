#include <asyncio/net/stream_writer.hpp>

#include <cerrno>
#include <stdexcept>

namespace asyncio {

namespace detail {

bool DrainAwaiter::enter() noexcept {
    if (!connection_->paused() || connection_->closed()) return false;
    connection_->drains.push_back(*this);
    return true;
}

void DrainAwaiter::end() {
    if (task_ != nullptr) resumed();
    connection_->throw_if_broken();
    if (lost_) throw ConnectionResetError(ECONNRESET, std::system_category(), "Connection lost");
}

bool DrainAwaiter::cancel(std::string_view message) noexcept {
    if (!linked()) return false;
    unlink();
    accept_cancel(message);
    return true;
}

void ClosedAwaiter::await_resume() {
    if (task_ != nullptr) resumed();
    connection_->throw_if_broken();
}

bool ClosedAwaiter::cancel(std::string_view message) noexcept {
    if (!linked()) return false;
    unlink();
    accept_cancel(message);
    return true;
}

}  // namespace detail

std::pair<std::size_t, std::size_t> StreamWriter::get_write_buffer_limits() const noexcept {
    return {connection_->low_water(), connection_->high_water()};
}

void StreamWriter::set_write_buffer_limits(WriteBufferLimits limits) {
    constexpr std::size_t default_high = 64 * 1024;
    const std::size_t high = limits.high ? *limits.high : limits.low ? 4 * *limits.low : default_high;
    const std::size_t low = limits.low ? *limits.low : high / 4;
    if (high < low) {
        throw std::invalid_argument("high (" + std::to_string(high) + ") must be >= low (" + std::to_string(low) +
                                    ") must be >= 0");
    }
    connection_->set_write_buffer_limits(high, low);
}

}  // namespace asyncio
