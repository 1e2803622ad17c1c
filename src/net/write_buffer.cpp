#include <asyncio/net/write_buffer.hpp>

#include <utility>

namespace asyncio::detail {

void empty_buffer(std::string& buffer) noexcept {
    buffer.clear();
    if (buffer.capacity() > most_kept_when_idle) buffer.shrink_to_fit();
}

void WriteBuffer::consume(std::size_t size) noexcept {
    sent_ += size;
    if (sent_ < front_.size()) return;
    sent_ = 0;
    front_.clear();
    std::swap(front_, back_);
    if (front_.empty()) clear();  // all is sent
}

void WriteBuffer::clear() noexcept {
    empty_buffer(front_);
    empty_buffer(back_);
    sent_ = 0;
}

}  // namespace asyncio::detail
