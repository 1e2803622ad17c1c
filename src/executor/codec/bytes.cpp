#include <asyncio/executor/codec/bytes.hpp>

#include <cstdint>
#include <cstring>

namespace asyncio {

namespace {

/// Stands before a number that does not fit into one byte.
constexpr unsigned char long_size = 255;

}  // namespace

detail::Nesting::Nesting(unsigned& depth) : depth_(&depth) {
    if (depth == limit) throw CodecError("values are nested more than " + std::to_string(limit) + " deep");
    ++depth;
}

void ByteSink::write_size(std::size_t size) {
    if (size < long_size) {
        bytes_->push_back(static_cast<char>(size));
        return;
    }
    const std::uint64_t number = size;
    bytes_->push_back(static_cast<char>(long_size));
    write(&number, sizeof number);
}

std::span<const std::byte> ByteSource::read(std::size_t size) {
    if (size > bytes_.size()) throw_truncated(size);
    const auto taken = bytes_.first(size);
    bytes_ = bytes_.subspan(size);
    return taken;
}

void ByteSource::read(void* to, std::size_t size) {
    const auto bytes = read(size);
    if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
}

std::size_t ByteSource::read_size(std::size_t bytes_each) {
    std::uint64_t size = std::to_integer<unsigned char>(read(1).front());
    if (size == long_size) read(&size, sizeof size);
    if (size > remaining() / bytes_each) throw_truncated(size);
    return static_cast<std::size_t>(size);
}

void ByteSource::require_end() const {
    if (!bytes_.empty()) throw CodecError(std::to_string(bytes_.size()) + " bytes too many");
}

void ByteSource::throw_truncated(std::size_t wanted) const {
    throw CodecError("bytes are missing: " + std::to_string(wanted) + " wanted, " + std::to_string(remaining()) +
                     " left");
}

}  // namespace asyncio
