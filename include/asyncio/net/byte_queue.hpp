#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace asyncio::detail {

/// Bytes that come in at the back and leave at the front. Taking from the front moves nothing.
class ByteQueue {
public:
    [[nodiscard]] bool empty() const noexcept { return begin_ == bytes_.size(); }
    [[nodiscard]] std::size_t size() const noexcept { return bytes_.size() - begin_; }
    /// Valid until the next change.
    [[nodiscard]] std::string_view view() const noexcept { return {bytes_.data() + begin_, size()}; }

    void append(std::string_view data) {
        // Taken bytes go when they are the greater part, so that each byte is moved at most once on average.
        if (begin_ > 0 && begin_ >= size()) {
            bytes_.erase(0, begin_);
            begin_ = 0;
        }
        bytes_.append(data);
    }

    /// Precondition: count <= size().
    void consume(std::size_t count) noexcept {
        begin_ += count;
        if (begin_ == bytes_.size()) clear();
    }

    /// Takes everything.
    [[nodiscard]] std::string take_all() {
        if (begin_ > 0) bytes_.erase(0, begin_);
        begin_ = 0;
        return std::exchange(bytes_, {});
    }

    /// Keeps the memory if it is little.
    void clear() noexcept {
        constexpr std::size_t kept_capacity = 64 * 1024;
        bytes_.clear();
        begin_ = 0;
        if (bytes_.capacity() > kept_capacity) bytes_ = {};
    }

private:
    std::string bytes_;
    std::size_t begin_ = 0;
};

}  // namespace asyncio::detail
