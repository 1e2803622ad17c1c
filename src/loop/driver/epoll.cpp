#include <asyncio/loop/driver/epoll.hpp>

#include "base/sys_quick.hpp"
#include "epoll_entry.hpp"
#include "system_socket.hpp"

#include <asyncio/base/cache_line.hpp>
#include <asyncio/base/exceptions.hpp>
#include <asyncio/base/sys.hpp>

#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>

namespace asyncio {

namespace sys = detail::sys;

namespace {

constexpr int max_events = 1024;
constexpr std::uint64_t wakeup_token = UINT64_MAX;
constexpr int worth_prefetching = 8;  // events that are left; all that prefetch() looks at

/// An operation lives in the frame of the coroutine that will go on: what is around it will be needed, too.
template <int... line>
void prefetch_lines_around(const Operation* operation) noexcept {
    (detail::prefetch_line(reinterpret_cast<const std::byte*>(operation) + line * static_cast<int>(detail::line_size)),
     ...);
}

detail::UniqueFd checked(long fd, const char* what) {
    if (fd < 0) throw_os_error(static_cast<int>(-fd), what);
    return detail::UniqueFd(static_cast<int>(fd));
}

}  // namespace

EpollDriver::EpollDriver()
    : epoll_(checked(sys::epoll_create(), "create an epoll instance")),
      wakeup_(checked(sys::eventfd(), "create an eventfd")),
      events_(std::make_unique<epoll_event[]>(max_events)) {
    quick_sockets_ = true;
    epoll_event event{};
    event.events = EPOLLIN | EPOLLET;  // edge-triggered: never read, every write is a new edge
    event.data.u64 = wakeup_token;
    const long result = sys::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wakeup_.get(), &event);
    if (result < 0) throw_os_error(static_cast<int>(-result), "watch an eventfd");
}

EpollDriver::~EpollDriver() {
    // Sockets may outlive the driver in the hands of their users; they must find themselves closed.
    for (Slot& slot : slots_) {
        if (slot.entry != nullptr) close(*slot.entry);
    }
    complete_closed();
}

Clock::time_point EpollDriver::now() noexcept {
#if defined(__x86_64__)
    // No processor that this runs on counts slower than a gigahertz, so a thousand ticks are at most a microsecond. A
    // counter that jumps, as when a virtual machine moves, looks like a long time and leads to a proper reading.
    constexpr std::uint64_t ticks_per_reading = 1000;
    const std::uint64_t ticks = __builtin_ia32_rdtsc();
    if (ticks - last_ticks_ < ticks_per_reading) return last_reading_;
    last_ticks_ = ticks;
    return last_reading_ = Clock::now();
#else
    return Clock::now();
#endif
}

void EpollDriver::wait(Clock::time_point deadline) {
    if (events_left()) return;
    next_event_ = event_count_ = 0;
    std::int64_t timeout_ns = 0;
    if (!closed_operations_.empty() || deadline == Clock::time_point::min()) {
        timeout_ns = 0;
    } else if (deadline == Clock::time_point::max()) {
        timeout_ns = -1;
    } else {
        const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(deadline - now()).count();
        timeout_ns = left > 0 ? left : 0;
    }
    if (timeout_ns == 0 && !asks_system_) return;
    const long count = sys::epoll_wait(epoll_.get(), events_.get(), max_events, timeout_ns);
    event_count_ = count > 0 ? static_cast<int>(count) : 0;
    if (count < 0 && count != -EINTR) throw_os_error(static_cast<int>(-count), "wait for events");
}

bool EpollDriver::io_pending() const noexcept {
    return std::any_of(slots_.begin(), slots_.end(), [](const Slot& slot) {
        if (slot.entry == nullptr) return slot.watched_read || slot.watched_write;
        return !slot.entry->inputs.empty() || !slot.entry->outputs.empty();
    });
}

void EpollDriver::wake() noexcept {
    sys::wake_eventfd(wakeup_.get());
}

void EpollDriver::forked() noexcept {
    epoll_.reset();
    wakeup_.reset();
    next_event_ = event_count_ = 0;  // the parent's
}

void EpollDriver::dispatch(WatchSink&) {
    complete_closed();
}

// "hot", here and elsewhere: what every read and write goes through lies together in memory.
[[gnu::hot]] bool EpollDriver::dispatch_one(WatchSink& sink) noexcept {
    if (next_event_ == event_count_) [[unlikely]]
        return false;
    dispatch_event(events_[next_event_++], sink);
    return next_event_ < event_count_;
}

[[gnu::always_inline]] inline void EpollDriver::dispatch_event(const epoll_event& event, WatchSink& sink) noexcept {
    if (event_count_ - next_event_ >= worth_prefetching) prefetch();
    const std::uint64_t token = event.data.u64;
    const auto fd = static_cast<std::size_t>(token & UINT32_MAX);  // that of the wake-up is out of range
    if (fd >= slots_.size() || slots_[fd].generation != token >> 32) return;
    Entry* const entry = slots_[fd].entry;
    constexpr std::uint32_t usual = EPOLLIN | EPOLLOUT;
    if (entry == nullptr || (event.events & ~usual) != 0) [[unlikely]]
        return dispatch_unusual(fd, event.events, sink);
    if ((event.events & EPOLLIN) != 0) entry->may_read = true;
    if ((event.events & EPOLLOUT) != 0) entry->may_write = true;
    // The way of every read that waits.
    Operation* const input = entry->may_read ? entry->inputs.front() : nullptr;
    if (input != nullptr && input->kind == Operation::Kind::readable && input == entry->inputs.back() &&
        entry->outputs.empty()) [[likely]] {
        return detail::system_socket::complete(*input, 0);
    }
    go_on(*entry);
}

const EpollDriver::Slot* EpollDriver::slot_of_event(int i) const noexcept {
    const auto fd = static_cast<std::size_t>(events_[i].data.u64 & UINT32_MAX);
    return fd < slots_.size() ? &slots_[fd] : nullptr;
}

EpollDriver::Entry* EpollDriver::entry_of_event(int i) const noexcept {
    const Slot* const slot = slot_of_event(i);
    return slot != nullptr ? slot->entry : nullptr;
}

/// Fetches what the next events will touch, a pointer further with each event: among many connections all of it is
/// cold, and the waiting for it overlaps with the work for those before.
[[gnu::always_inline]] inline void EpollDriver::prefetch() const noexcept {
    detail::prefetch_line(&events_[next_event_ + 7]);
    detail::prefetch_line(slot_of_event(next_event_ + 3));
    detail::prefetch_line(entry_of_event(next_event_ + 2));
    if (const Entry* entry = entry_of_event(next_event_ + 1)) {
        if (const Operation* operation = entry->inputs.front()) prefetch_lines_around<-2, -1, 0, 1, 2, 3>(operation);
    }
    if (const Entry* entry = entry_of_event(next_event_)) {
        const Operation* operation = entry->inputs.front();
        if (operation != nullptr && operation->prefetch != nullptr) operation->prefetch(*operation);
    }
}

/// Of a watched descriptor, or more than that it can be read or written.
void EpollDriver::dispatch_unusual(std::size_t fd, std::uint32_t events, WatchSink& sink) noexcept {
    const bool failed = (events & (EPOLLERR | EPOLLHUP)) != 0;
    const bool readable = failed || (events & (EPOLLIN | EPOLLPRI | EPOLLRDHUP)) != 0;
    const bool writable = failed || (events & EPOLLOUT) != 0;
    const Slot& slot = slots_[fd];
    if (slot.entry == nullptr) {
        sink.watched_ready(static_cast<int>(fd), readable && slot.watched_read, writable && slot.watched_write);
        return;
    }
    Entry& entry = *slot.entry;
    if (failed || (events & (EPOLLRDHUP | EPOLLPRI)) != 0) entry.reads_end_early = true;
    if (readable) entry.may_read = true;
    if (writable) entry.may_write = true;
    go_on(entry);
}

/// With all operations that its readiness allows.
void EpollDriver::go_on(Entry& entry) noexcept {
    const DescriptorPtr keep(&entry);     // a completion may give up the last reference
    const bool output = entry.may_write;  // now: what a completion does meanwhile must not cost the others this event
    if (entry.may_read) progress(entry, entry.inputs);
    if (output) progress(entry, entry.outputs);
}

/// Completes operations from the front until one would block.
void EpollDriver::progress(Entry& entry, detail::IntrusiveList<Operation>& operations) noexcept {
    while (Operation* operation = operations.front()) {
        const std::int64_t result = attempt(*operation);
        if (result == -EAGAIN) {
            if (sys::seam.interfered) static_cast<void>(arm(entry));
            return;
        }
        detail::system_socket::complete(*operation, result);
    }
}

void EpollDriver::complete_closed() noexcept {
    detail::system_socket::complete_closed(closed_operations_);
}

[[gnu::hot]] bool EpollDriver::start(Operation& operation) {
    auto& entry = static_cast<Entry&>(*operation.descriptor);
    // The way of every read that waits: its socket is drained, and armed.
    const bool quickly = operation.kind == Operation::Kind::readable && !entry.may_read && entry.armed;
    if (!quickly || sys::seam.interfered) return start_in_full(operation);
    operation.pending = true;
    entry.inputs.push_back(operation);
    return false;
}

bool EpollDriver::start_in_full(Operation& operation) {
    auto& entry = static_cast<Entry&>(*operation.descriptor);
    if (entry.closed()) {
        operation.result = -EBADF;
        return true;
    }
    detail::IntrusiveList<Operation>& queue = detail::system_socket::is_input(operation) ? entry.inputs : entry.outputs;
    if (queue.empty() && (operation.kind != Operation::Kind::readable || entry.may_read)) {
        operation.result = attempt(operation);
        if (operation.result != -EAGAIN) return true;
    }
    if (!entry.armed || sys::seam.interfered) [[unlikely]] {
        if (const std::int64_t armed = arm(entry); armed < 0) {
            operation.result = armed;
            return true;
        }
    }
    operation.pending = true;
    queue.push_back(operation);
    return false;
}

bool EpollDriver::cancel(Operation& operation) noexcept {
    operation.unlink();
    operation.pending = false;
    return true;
}

std::int64_t EpollDriver::watch(int fd, bool read, bool write) {
    const auto index = static_cast<std::size_t>(fd);
    if (index >= slots_.size()) {
        if (!detail::system_socket::is_open(fd)) return -EBADF;
        slots_.resize(index + 1);
    }
    Slot& slot = slots_[index];
    if (slot.entry != nullptr) return -EBUSY;
    epoll_event event{};
    event.events = (read ? EPOLLIN | EPOLLRDHUP : 0U) | (write ? EPOLLOUT : 0U);
    const bool watched = slot.watched_read || slot.watched_write;
    if (!read && !write) {
        // The descriptor may be closed already, which removed it from the epoll set.
        if (watched) sys::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, &event);
        slot = Slot{nullptr, slot.generation + 1, false, false};
        return 0;
    }
    event.data.u64 = token_of(fd);
    long result = sys::epoll_ctl(epoll_.get(), watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event);
    // The number may have been closed and opened again behind our back.
    if (result == -ENOENT) result = sys::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event);
    if (result < 0) return result;
    slot.watched_read = read;
    slot.watched_write = write;
    asks_system_ = true;
    return 0;
}

std::uint64_t EpollDriver::token_of(int fd) const noexcept {
    const auto index = static_cast<std::size_t>(fd);
    return static_cast<std::uint64_t>(slots_[index].generation) << 32 | index;
}

}  // namespace asyncio
