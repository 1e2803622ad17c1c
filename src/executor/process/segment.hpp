#pragma once

#include "channel.hpp"

#include <asyncio/base/atomic.hpp>
#include <asyncio/base/unique_fd.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace asyncio::detail {

/// What a reply says besides its records.
enum class ReplyKind : std::uint32_t {
    records,    ///< one for each record of the request
    too_long,   ///< they would take `size` bytes
    os_error,   ///< they could not be sent: `count` is the errno
    unreadable  ///< the request was damaged
};

/// The message that lies in a slot's room, or in the first of the `files` that go through the socket with the slot's
/// sequence number; the others are memory that it refers to.
struct MessageHead {
    ReplyKind kind;
    std::uint32_t count;  // records
    std::uint32_t files;
    std::uint32_t initializer;  // when it throws, the worker runs nothing else
    std::uint64_t size;
    Atomic<std::int64_t> taken_at;  // steady clock, in ns
};

/// A worker has one message to work on and at most one to go on with that it is sure to begin.
inline constexpr std::size_t sure_messages = 2;
/// The others are for short messages that can be taken back.
inline constexpr std::size_t slots_of_worker = 32;
/// Longer messages go through a file of their own.
inline constexpr std::size_t slot_room = std::size_t{1} << 20;
inline constexpr std::size_t short_room = std::size_t{1} << 16;

/// What a parent and its worker share.
struct SegmentHeader : Channel<MessageHead, slots_of_worker> {
    Atomic<std::uint32_t> ready;  // the worker has begun to work
    std::int64_t cpu_limit_ns;    // for each message; 0: none
    std::int64_t exit_limit_ns;   // from its last message to its end; 0: none
    std::uint64_t memory_limit;   // beyond what the worker has at its start; 0: none
    std::uint64_t max_message_size;
};
using MessageSlot = SegmentHeader::Slot;
static_assert(Atomic<std::uint32_t>::is_always_lock_free && Atomic<std::int64_t>::is_always_lock_free);

/// Memory that is shared with another process.
class SharedMapping {
public:
    SharedMapping() noexcept = default;
    /// Throws std::system_error.
    SharedMapping(int fd, std::size_t size);
    SharedMapping(SharedMapping&& other) noexcept;
    SharedMapping& operator=(SharedMapping&& other) noexcept;
    ~SharedMapping();

    [[nodiscard]] std::byte* data() const noexcept { return static_cast<std::byte*>(address_); }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] explicit operator bool() const noexcept { return address_ != nullptr; }

private:
    void* address_ = nullptr;
    std::size_t size_ = 0;
};

/// A new anonymous file of that size. Throws std::system_error.
[[nodiscard]] UniqueFd make_memory_file(std::size_t size);
/// The whole of a file that another process has sent; an empty mapping when it is shorter than `size` or could become
/// so. Throws std::system_error.
[[nodiscard]] SharedMapping map_received(int fd, std::size_t size);

/// The segment of a worker: the header, then the rooms of the slots.
class Segment {
public:
    static constexpr std::size_t header_space = 4096;
    static constexpr std::size_t size =
        header_space + sure_messages * slot_room + (slots_of_worker - sure_messages) * short_room;
    static_assert(sizeof(SegmentHeader) <= header_space);

    Segment() noexcept = default;
    explicit Segment(int fd) : mapping_(fd, size) {}

    [[nodiscard]] SegmentHeader& header() const noexcept { return *reinterpret_cast<SegmentHeader*>(mapping_.data()); }
    [[nodiscard]] MessageSlot& slot(std::size_t index) const noexcept { return header().slots[index]; }
    [[nodiscard]] std::byte* room(std::size_t index) const noexcept {
        const std::size_t before = std::min(index, sure_messages);
        return mapping_.data() + header_space + before * slot_room + (index - before) * short_room;
    }
    [[nodiscard]] static constexpr std::size_t room_size(std::size_t index) noexcept {
        return index < sure_messages ? slot_room : short_room;
    }

private:
    SharedMapping mapping_;
};

// A message is a sequence of records: a length of eight bytes, then so many bytes, filled up to a multiple of eight.

[[nodiscard]] constexpr std::size_t record_space(std::size_t size) noexcept {
    return sizeof(std::uint64_t) + (size + 7) / 8 * 8;
}

/// Writes records into memory that is long enough.
class RecordWriter {
public:
    explicit RecordWriter(std::byte* at) noexcept : at_(at) {}
    void put(std::string_view record) noexcept;

private:
    std::byte* at_;
};

/// Reads records, and believes no length.
class RecordReader {
public:
    explicit RecordReader(std::span<const std::byte> message) noexcept : rest_(message) {}
    /// False when the message is damaged.
    [[nodiscard]] bool next(std::span<const std::byte>& record) noexcept;
    [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }

private:
    std::span<const std::byte> rest_;
};

}  // namespace asyncio::detail
