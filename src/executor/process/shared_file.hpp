#pragma once

#include "segment.hpp"

#include <asyncio/base/sys.hpp>
#include <asyncio/base/unique_fd.hpp>
#include <asyncio/executor/codec/bytes.hpp>

#include <cstddef>
#include <utility>
#include <vector>

namespace asyncio::detail {

/// Memory with the file that brings it to other processes.
class SharedFile {
public:
    /// New. Throws std::system_error.
    explicit SharedFile(std::size_t size) : fd_(make_memory_file(size)), mapping_(fd_.get(), size) {}
    /// One that came from another process, which is to be mapped.
    explicit SharedFile(UniqueFd received) noexcept : fd_(std::move(received)) {}

    /// Once it returns, `data` and `size` may be called. Throws CodecError for a file that no SharedFile made;
    /// std::system_error.
    void map();

    [[nodiscard]] int fd() const noexcept { return fd_.get(); }
    [[nodiscard]] std::byte* data() const noexcept { return mapping_.data(); }
    [[nodiscard]] std::size_t size() const noexcept { return mapping_.size(); }

private:
    UniqueFd fd_;
    SharedMapping mapping_;
};

/// In one message: its records may need one more descriptor.
inline constexpr std::size_t most_shared_files = sys::most_descriptors - 1;

/// The descriptors of a message: that of its records, then those that go along.
[[nodiscard]] std::vector<int> descriptors_of(int records, const SharedFiles& files);
/// All but the first one, in the process that received them.
[[nodiscard]] SharedFiles shared_files_of(std::vector<UniqueFd>& descriptors);

}  // namespace asyncio::detail
