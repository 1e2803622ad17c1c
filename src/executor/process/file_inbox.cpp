#include "file_inbox.hpp"

#include <asyncio/base/exceptions.hpp>
#include <asyncio/base/sys.hpp>

#include <cerrno>

namespace asyncio::detail {

UniqueFd FileInbox::take(std::uint64_t sequence) noexcept {
    for (auto at = files_.begin(); at != files_.end(); ++at) {
        if (at->first != sequence) continue;
        UniqueFd file = std::move(at->second);
        files_.erase(at);
        return file;
    }
    return {};
}

UniqueFd FileInbox::receive(int socket, std::uint64_t sequence, int flags) {
    if (UniqueFd file = take(sequence)) return file;
    while (true) {
        std::uint64_t received = 0;
        int fd = -1;
        std::size_t count = 0;
        const long bytes = sys::uninterrupted([&] {
            count = 1;
            return sys::recvmsg(socket, &received, sizeof received, &fd, &count, flags);
        });
        UniqueFd file(count == 1 ? fd : -1);
        const long error = count == sys::no_room ? -EMFILE : bytes;
        if (error < 0 && error != -EAGAIN)
            throw_os_error(static_cast<int>(-error), "receive the file of a long message");
        if (bytes != sizeof received || !file) return {};
        if (received == sequence) return file;
        if (files_.size() == most_files) files_.erase(files_.begin());
        files_.emplace_back(received, std::move(file));
    }
}

}  // namespace asyncio::detail
