#include "watchers.hpp"

#include <asyncio/base/exceptions.hpp>
#include <asyncio/loop/loop_core.hpp>

#include <cerrno>
#include <stdexcept>
#include <string>
#include <utility>

namespace asyncio::detail {

void Watchers::set(int fd, bool writer, IntrusivePtr<WatcherHandleCore> handle) {
    if (fd < 0) throw std::invalid_argument("Invalid file descriptor: " + std::to_string(fd));
    Entry& entry = entries_[fd];
    const bool read = !writer || entry.reader;
    const bool write = writer || entry.writer;
    const std::int64_t result = loop_.driver().watch(fd, read, write);
    if (result < 0) {
        if (!entry.reader && !entry.writer) entries_.erase(fd);
        if (result == -EBUSY)
            throw RuntimeError("File descriptor " + std::to_string(fd) + " is used by a stream or socket of this loop");
        throw_os_error(static_cast<int>(-result),
                       std::string(writer ? "add_writer" : "add_reader") + " on descriptor " + std::to_string(fd));
    }
    std::swap(writer ? entry.writer : entry.reader, handle);
    if (handle) handle->cancel();  // last, because destroying the replaced callable may come back here
}

bool Watchers::remove(int fd, bool writer) noexcept {
    const auto found = entries_.find(fd);
    if (found == entries_.end()) return false;
    Entry& entry = found->second;
    IntrusivePtr<WatcherHandleCore>& place = writer ? entry.writer : entry.reader;
    if (!place) return false;
    const IntrusivePtr<WatcherHandleCore> removed = std::move(place);
    loop_.driver().watch(fd, static_cast<bool>(entry.reader), static_cast<bool>(entry.writer));
    if (!entry.reader && !entry.writer) entries_.erase(found);
    removed->cancel();  // last, because destroying the callable may come back here
    return true;
}

void Watchers::clear() noexcept {
    while (!entries_.empty()) {
        auto node = entries_.extract(entries_.begin());
        for (const auto& handle : {node.mapped().reader, node.mapped().writer}) {
            if (handle) handle->cancel();
        }
    }
}

void Watchers::watched_ready(int fd, bool readable, bool writable) noexcept {
    const auto found = entries_.find(fd);
    if (found == entries_.end()) return;
    if (readable) queue(found->second.reader);
    if (writable) queue(found->second.writer);
}

void Watchers::queue(const IntrusivePtr<WatcherHandleCore>& handle) noexcept {
    if (!handle || !handle->mark_queued()) return;
    handle->retain();  // for its stay in the queue
    loop_.make_ready(*handle);
}

}  // namespace asyncio::detail
