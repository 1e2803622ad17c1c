#include <asyncio/executor/shared_memory.hpp>

#include "shared_file.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace asyncio {

namespace detail {

void SharedFile::map() {
    if (mapping_) return;
    struct stat status{};
    if (::fstat(fd_.get(), &status) < 0) throw_os_error(errno, "look at a file of shared memory");
    mapping_ = map_received(fd_.get(), static_cast<std::size_t>(status.st_size));
    if (!mapping_) throw CodecError("a file that is no shared memory");
}

std::vector<int> descriptors_of(int records, const SharedFiles& files) {
    std::vector<int> descriptors{records};
    for (const auto& file : files) descriptors.push_back(file->fd());
    return descriptors;
}

SharedFiles shared_files_of(std::vector<UniqueFd>& descriptors) {
    SharedFiles files;
    for (std::size_t i = 1; i < descriptors.size(); ++i)
        files.push_back(std::make_shared<SharedFile>(std::move(descriptors[i])));
    return files;
}

}  // namespace detail

SharedMemory::SharedMemory(std::size_t size) {
    if (size == 0) throw std::invalid_argument("'size' must be a positive number different from zero");
    file_ = std::make_shared<detail::SharedFile>(size);
}

std::byte* SharedMemory::data() const noexcept {
    return file_ != nullptr ? file_->data() : nullptr;
}

SharedMemory::SharedMemory(std::shared_ptr<detail::SharedFile> file) noexcept : file_(std::move(file)) {}

SharedMemory::operator bool() const noexcept {
    return file_ != nullptr;
}

std::span<std::byte> SharedMemory::bytes() const noexcept {
    return {data(), size()};
}

std::size_t SharedMemory::size() const noexcept {
    return file_ != nullptr ? file_->size() : 0;
}

// Its place among the files that go along, from 1 on; 0: no memory.

void codec_for<SharedMemory>::encode(ByteSink& sink, const SharedMemory& memory) {
    std::uint32_t place = 0;
    if (memory) {
        detail::SharedFiles* const files = sink.files();
        if (files == nullptr) throw CodecError("SharedMemory goes to processes of a ProcessPoolExecutor only");
        const auto found = std::ranges::find(*files, memory.file_);
        if (found == files->end() && files->size() == detail::most_shared_files)
            throw CodecError("more than " + std::to_string(files->size()) + " objects of SharedMemory in one message");
        place = static_cast<std::uint32_t>(found - files->begin()) + 1;
        if (found == files->end()) files->push_back(memory.file_);
    }
    asyncio::encode(sink, place);
}

SharedMemory codec_for<SharedMemory>::decode(ByteSource& source) {
    const auto place = asyncio::decode<std::uint32_t>(source);
    if (place == 0) return {};
    if (source.files() == nullptr || place > source.files()->size())
        throw CodecError("SharedMemory whose file is missing");
    const auto& file = (*source.files())[place - 1];
    file->map();
    return SharedMemory(file);
}

}  // namespace asyncio
