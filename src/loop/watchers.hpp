#pragma once

#include <asyncio/base/intrusive_ptr.hpp>
#include <asyncio/loop/driver.hpp>
#include <asyncio/loop/handle.hpp>

#include <unordered_map>

namespace asyncio::detail {

/// The callbacks of add_reader and add_writer, by descriptor.
class Watchers final : public WatchSink {
public:
    explicit Watchers(LoopCore& loop) noexcept : loop_(loop) {}

    /// Replaces what is there. Throws std::system_error, std::invalid_argument, or RuntimeError when a socket of this
    /// loop owns `fd`, and then changes nothing.
    void set(int fd, bool writer, IntrusivePtr<WatcherHandleCore> handle);
    /// False when there was none.
    bool remove(int fd, bool writer) noexcept;
    void clear() noexcept;
    [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }

    void watched_ready(int fd, bool readable, bool writable) noexcept override;

private:
    struct Entry {
        IntrusivePtr<WatcherHandleCore> reader;
        IntrusivePtr<WatcherHandleCore> writer;
    };
    void queue(const IntrusivePtr<WatcherHandleCore>& handle) noexcept;

    LoopCore& loop_;
    std::unordered_map<int, Entry> entries_;
};

}  // namespace asyncio::detail
