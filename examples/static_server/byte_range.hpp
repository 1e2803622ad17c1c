#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace static_server {

/// A part of a file: `length` bytes from `first` on.
struct ByteRange {
    std::uint64_t first = 0;
    std::uint64_t length = 0;

    friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

/// What a Range header asks for.
enum class RangeKind {
    whole,          // no header, or one that may be ignored: not in bytes, malformed, several ranges
    part,           // one range that the file has
    unsatisfiable,  // one range that lies behind the end of the file
};

struct RangeRequest {
    RangeKind kind = RangeKind::whole;
    ByteRange range;  // what to send; the whole file for RangeKind::whole
};

/// Understands "bytes=2-5", "bytes=2-" and "bytes=-4" for a file of `size` bytes (RFC 9110, section 14).
RangeRequest parse_range(std::string_view header, std::uint64_t size);

}  // namespace static_server
