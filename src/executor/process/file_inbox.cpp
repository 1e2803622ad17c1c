#include "file_inbox.hpp"

#include <asyncio/base/exceptions.hpp>
#include <asyncio/base/sys.hpp>

#include <array>
#include <cerrno>

namespace asyncio::detail {

std::vector<UniqueFd> FileInbox::take(std::uint64_t sequence) noexcept {
    for (auto at = files_.begin(); at != files_.end(); ++at) {
        if (at->first != sequence) continue;
        std::vector<UniqueFd> files = std::move(at->second);
        files_.erase(at);
        return files;
    }
    return {};
}

std::vector<UniqueFd> FileInbox::receive(int socket, std::uint64_t sequence, int flags) {
    if (auto files = take(sequence); !files.empty()) return files;
    while (true) {
        std::uint64_t received = 0;
        std::array<int, sys::most_descriptors> fds{};
        std::size_t count = 0;
        const long bytes = sys::uninterrupted([&] {
            count = fds.size();
            return sys::recvmsg(socket, &received, sizeof received, fds.data(), &count, flags);
        });
        std::vector<UniqueFd> files;
        files.reserve(sys::most_descriptors);
        for (std::size_t i = 0; i < count && count != sys::no_room; ++i) files.emplace_back(fds[i]);
        const long error = count == sys::no_room ? -EMFILE : bytes;
        if (error < 0 && error != -EAGAIN)
            throw_os_error(static_cast<int>(-error), "receive the file of a long message");
        if (bytes != sizeof received || files.empty()) return {};
        if (received == sequence) return files;
        if (files_.size() == most_messages) files_.erase(files_.begin());
        files_.emplace_back(received, std::move(files));
    }
}

}  // namespace asyncio::detail
