#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace asyncio::detail {

/// What an idle connection keeps of the memory that its largest backlog took, in bytes and for each buffer. Much less
/// would have a busy one that writes large pieces allocate for each of them.
inline constexpr std::size_t most_kept_when_idle = 1024 * 1024;

/// Empties a buffer and gives its memory back when it is much: assigning an empty string would keep all of it.
void empty_buffer(std::string& buffer) noexcept;

/// Bytes waiting to be sent. Those in front, which an operation may be sending, are never moved; new ones collect
/// behind them.
class WriteBuffer {
public:
    [[nodiscard]] std::size_t size() const noexcept { return front_.size() - sent_ + back_.size(); }
    /// Looks at the front alone: without one there is nothing behind it.
    [[nodiscard]] bool empty() const noexcept { return front_.empty(); }
    /// How much memory it holds, in bytes.
    [[nodiscard]] std::size_t capacity() const noexcept { return front_.capacity() + back_.capacity(); }

    void append(std::string_view data) { (front_.empty() ? front_ : back_).append(data.data(), data.size()); }

    /// What is to be sent next; stays in place until consume().
    [[nodiscard]] std::string_view front() const noexcept { return {front_.data() + sent_, front_.size() - sent_}; }
    void consume(std::size_t size) noexcept;
    void clear() noexcept;

private:
    std::string front_;
    std::string back_;
    std::size_t sent_ = 0;
};

}  // namespace asyncio::detail
