#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace asyncio::detail {

/// Bytes waiting to be sent. Those in front, which an operation may be sending, are never moved; new ones collect
/// behind them.
class WriteBuffer {
public:
    [[nodiscard]] std::size_t size() const noexcept { return front_.size() - sent_ + back_.size(); }
    /// Looks at the front alone: without one there is nothing behind it.
    [[nodiscard]] bool empty() const noexcept { return front_.empty(); }

    void append(std::string_view data) { (front_.empty() ? front_ : back_).append(data); }

    /// What is to be sent next; stays in place until consume().
    [[nodiscard]] std::span<const std::byte> front() const noexcept {
        return std::as_bytes(std::span(front_).subspan(sent_));
    }
    void consume(std::size_t size) noexcept {
        sent_ += size;
        if (sent_ < front_.size()) return;
        sent_ = 0;
        front_.clear();
        std::swap(front_, back_);
    }
    void clear() noexcept {
        front_.clear();
        back_.clear();
        sent_ = 0;
    }

private:
    std::string front_;
    std::string back_;
    std::size_t sent_ = 0;
};

}  // namespace asyncio::detail
