#pragma once

#include <asyncio/base/exceptions.hpp>
#include <asyncio/base/standard/memory.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace asyncio {

/// Bytes that are not what a codec has written, or a value that a codec cannot write. Python's pickle.PicklingError and
/// UnpicklingError.
class CodecError : public RuntimeError {
public:
    using RuntimeError::RuntimeError;
};

namespace detail {

/// The file of a SharedMemory.
class SharedFile;
/// Those that go along with the bytes of a message.
using SharedFiles = std::vector<std::shared_ptr<SharedFile>>;

/// One level of a value inside of values, for as long as it lives. Deeper ones would need too much of the stack, which
/// corrupt bytes could ask for.
class Nesting {
public:
    static constexpr unsigned limit = 500;

    /// Throws CodecError.
    explicit Nesting(unsigned& depth);
    Nesting(const Nesting&) = delete;
    Nesting& operator=(const Nesting&) = delete;
    ~Nesting() { --*depth_; }

private:
    unsigned* depth_;
};

}  // namespace detail

/// Where a codec writes to: the end of a string.
///
/// Thread safety: distinct objects: safe. Shared objects: unsafe.
class ByteSink {
public:
    /// Appends to `bytes`, which must outlive it. `files` takes what goes along with the bytes; nullptr where nothing
    /// can.
    explicit ByteSink(std::string& bytes, detail::SharedFiles* files = nullptr) noexcept
        : bytes_(&bytes),
          files_(files) {}
    ByteSink(const ByteSink&) = delete;
    ByteSink& operator=(const ByteSink&) = delete;

    /// Appends `size` bytes as they are.
    void write(const void* data, std::size_t size) { bytes_->append(static_cast<const char*>(data), size); }
    /// The same for a span.
    void write(std::span<const std::byte> bytes) { write(bytes.data(), bytes.size()); }
    /// A number of elements or bytes, for ByteSource::read_size; one byte when it is small.
    void write_size(std::size_t size);

    /// For codecs of what may hold values of its own type.
    [[nodiscard]] detail::Nesting nest() { return detail::Nesting(depth_); }
    /// What was written so far, and what stood there before.
    [[nodiscard]] std::string& bytes() noexcept { return *bytes_; }
    /// What goes along with the bytes; nullptr where nothing can.
    [[nodiscard]] detail::SharedFiles* files() const noexcept { return files_; }

private:
    std::string* bytes_;
    detail::SharedFiles* files_;
    unsigned depth_ = 0;
};

/// Where a codec reads from: bytes, which it does not own. Every function throws CodecError when there are fewer bytes
/// than asked for; so nothing is allocated that was not sent.
///
/// Thread safety: distinct objects: safe. Shared objects: unsafe.
class ByteSource {
public:
    /// Reads from `bytes`, which must outlive it; `files` came along with them.
    explicit ByteSource(std::span<const std::byte> bytes, const detail::SharedFiles* files = nullptr) noexcept
        : bytes_(bytes),
          files_(files) {}
    ByteSource(const ByteSource&) = delete;
    ByteSource& operator=(const ByteSource&) = delete;

    /// The next `size` bytes; a view into what is read from.
    [[nodiscard]] std::span<const std::byte> read(std::size_t size);
    /// Copies the next `size` bytes to `to`.
    void read(void* to, std::size_t size);
    /// What write_size wrote: a number of elements of at least `bytes_each` bytes, which are all there.
    [[nodiscard]] std::size_t read_size(std::size_t bytes_each = 1);

    /// How many bytes were not read yet.
    [[nodiscard]] std::size_t remaining() const noexcept { return bytes_.size(); }
    /// One level deeper, as long as the object lives: for codecs of what may contain itself. Throws CodecError at the
    /// 501st.
    [[nodiscard]] detail::Nesting nest() { return detail::Nesting(depth_); }
    /// What came along with the bytes; nullptr where nothing can.
    [[nodiscard]] const detail::SharedFiles* files() const noexcept { return files_; }
    /// Throws CodecError when not everything was read.
    void require_end() const;

private:
    [[noreturn]] void throw_truncated(std::size_t wanted) const;

    std::span<const std::byte> bytes_;
    const detail::SharedFiles* files_;
    unsigned depth_ = 0;
};

}  // namespace asyncio
