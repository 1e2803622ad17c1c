#include "segment.hpp"

#include <asyncio/base/exceptions.hpp>
#include <asyncio/base/sys.hpp>

#include <fcntl.h>
#include <sys/stat.h>

#include <cstring>
#include <utility>

namespace asyncio::detail {

SharedMapping::SharedMapping(int fd, std::size_t size) : size_(size) {
    const long error = sys::mmap(fd, size, &address_);
    if (error < 0) throw_os_error(static_cast<int>(-error), "map " + std::to_string(size) + " bytes of shared memory");
}

SharedMapping::SharedMapping(SharedMapping&& other) noexcept
    : address_(std::exchange(other.address_, nullptr)),
      size_(std::exchange(other.size_, 0)) {}

SharedMapping& SharedMapping::operator=(SharedMapping&& other) noexcept {
    std::swap(address_, other.address_);
    std::swap(size_, other.size_);
    return *this;
}

SharedMapping::~SharedMapping() {
    if (address_ != nullptr) sys::munmap(address_, size_);
}

UniqueFd make_memory_file(std::size_t size) {
    const long fd = sys::memfd_create("asyncio", size);
    if (fd < 0) throw_os_error(static_cast<int>(-fd), "create " + std::to_string(size) + " bytes of shared memory");
    return UniqueFd(static_cast<int>(fd));
}

SharedMapping map_received(int fd, std::size_t size) {
    struct stat status{};
    const int seals = ::fcntl(fd, F_GET_SEALS);
    // One that can shrink would be a SIGBUS for its reader.
    if (seals < 0 || (seals & F_SEAL_SHRINK) == 0 || ::fstat(fd, &status) < 0) return {};
    if (size == 0 || static_cast<std::uint64_t>(status.st_size) < size) return {};
    return SharedMapping(fd, size);
}

void RecordWriter::put(std::string_view record) noexcept {
    const std::uint64_t size = record.size();
    std::memcpy(at_, &size, sizeof size);
    std::memcpy(at_ + sizeof size, record.data(), record.size());
    at_ += record_space(record.size());
}

bool RecordReader::next(std::span<const std::byte>& record) noexcept {
    std::uint64_t size = 0;
    if (rest_.size() < sizeof size) return false;
    std::memcpy(&size, rest_.data(), sizeof size);
    if (size > rest_.size() - sizeof size || record_space(size) > rest_.size()) return false;
    record = rest_.subspan(sizeof size, size);
    rest_ = rest_.subspan(record_space(size));
    return true;
}

}  // namespace asyncio::detail
