// Runs in worker processes only, which have one thread here and no fault plans: system calls are made directly.

#include "worker.hpp"

#include "base/spin.hpp"
#include "file_inbox.hpp"
#include "process_timer.hpp"
#include "segment.hpp"
#include "shared_file.hpp"

#include <asyncio/base/clock.hpp>
#include <asyncio/base/exceptions.hpp>
#include <asyncio/base/log.hpp>
#include <asyncio/base/sys.hpp>
#include <asyncio/executor/remote.hpp>

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace asyncio::detail {

namespace {

/// How long a worker that is out of work looks for more before it sleeps: about what a parent needs to send it.
constexpr std::chrono::microseconds spin_for_work{50};
/// It does so when it last waited no longer than this: in a wait in which it slept, that took its time, too.
constexpr std::chrono::microseconds short_wait{250};

/// A buffer that was once this long is not kept.
constexpr std::size_t kept_reply = std::size_t{1} << 20;

void limit_memory(std::uint64_t more) {
    std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen("/proc/self/statm", "re"), &std::fclose);
    unsigned long data_pages = 0;
    if (file == nullptr || std::fscanf(file.get(), "%*u %*u %*u %*u %*u %lu", &data_pages) != 1)
        throw_os_error(errno, "read /proc/self/statm");
    const rlim_t limit = data_pages * static_cast<rlim_t>(::sysconf(_SC_PAGESIZE)) + more;
    const rlimit limits{limit, limit};
    if (::setrlimit(RLIMIT_DATA, &limits) < 0) throw_os_error(errno, "limit the memory of a worker process");
}

/// Ends the process by SIGXCPU when it has used so much processor time since `start`.
class CpuLimit {
public:
    explicit CpuLimit(std::int64_t limit_ns) : limit_ns_(limit_ns) {
        if (limit_ns_ == 0) return;
        ::signal(SIGXCPU, SIG_DFL);
        timer_.emplace(CLOCK_PROCESS_CPUTIME_ID, SIGXCPU);
    }
    void start() const noexcept {
        if (timer_) timer_->set(limit_ns_);
    }
    void stop() const noexcept {
        if (timer_) timer_->set(0);
    }

private:
    std::int64_t limit_ns_;
    std::optional<ProcessTimer> timer_;
};

class Worker {
public:
    Worker(const WorkerFds& fds, Answer answer)
        : segment_(fds.segment),
          socket_(fds.socket),
          wakeup_(fds.wakeup),
          answer_(answer),
          spins_(others_can_work()),
          cpu_limit_(segment_.header().cpu_limit_ns) {
        ::close(fds.segment);
        if (segment_.header().memory_limit != 0) limit_memory(segment_.header().memory_limit);
        segment_.header().ready.store(1, memory_release);
    }

    void work() {
        answer_messages();
        limit_exit(segment_.header().exit_limit_ns);
    }

private:
    void answer_messages() {
        while (MessageSlot* slot = take()) {
            slot->taken_at.store(Clock::now().time_since_epoch().count(), memory_relaxed);
            cpu_limit_.start();
            work_on(*slot);
            cpu_limit_.stop();
            const bool failed = slot->initializer != 0 && !initialized_;
            segment_.header().reply(*slot, [&] { wake_parent(); });
            if (failed) return;
        }
    }

    /// When the job has closed the eventfd, the parent sees the reply when it sees that this process has ended.
    void wake_parent() const {
        if (const long error = sys::wake_eventfd(wakeup_); error < 0)
            throw_os_error(static_cast<int>(-error), "wake the parent of a worker process");
    }

    /// Waits for a message; nullptr: leave.
    MessageSlot* take() {
        SegmentHeader& header = segment_.header();
        if (MessageSlot* slot = header.try_take()) return slot;
        const Clock::time_point idle_since = Clock::now();
        const auto spin = [&](auto posted) { return spins_ && work_comes_fast_ && spin_until(posted, spin_for_work); };
        const auto sleep = [](auto& posts, std::uint32_t seen) { sys::futex_wait(posts, seen); };
        MessageSlot* const slot = header.take(spin, sleep, [&] { wake_parent(); });
        work_comes_fast_ = Clock::now() - idle_since < short_wait;
        return slot;
    }

    void work_on(MessageSlot& slot) {
        const auto index = static_cast<std::size_t>(&slot - segment_.header().slots.data());
        std::byte* const room = segment_.room(index);
        if (!answer_all(slot, room, Segment::room_size(index))) {
            slot.kind = ReplyKind::unreadable;
            return;
        }
        std::size_t size = 0;
        for (std::uint32_t i = 0; i < slot.count; ++i) size += record_space(replies_[i].size());
        slot.size = size;
        slot.files = 0;
        if (size > segment_.header().max_message_size) {
            slot.kind = ReplyKind::too_long;
        } else if (size <= Segment::room_size(index) && shared_.empty()) {
            slot.kind = ReplyKind::records;
            write_replies(room);
        } else {
            send_files(slot);
        }
        shared_.clear();
        for (std::string& reply : replies_) {
            if (reply.capacity() > kept_reply) reply = std::string();
        }
        if (replies_.size() > 1) replies_.resize(1);
    }

    bool answer_all(MessageSlot& slot, const std::byte* room, std::size_t room_size) {
        SharedMapping file;
        SharedFiles shared;
        if (slot.files != 0) {
            std::vector<UniqueFd> received = files_.receive(socket_, slot.sequence.load(memory_relaxed), 0);
            if (received.size() != slot.files) return false;
            file = map_received(received.front().get(), slot.size);
            if (!file) return false;
            shared = shared_files_of(received);
        } else if (slot.size > room_size) {
            return false;
        }
        RecordReader records({file ? file.data() : room, slot.size});
        replies_.resize(slot.count);
        for (std::string& reply : replies_) {
            std::span<const std::byte> request;
            if (!records.next(request)) return false;
            reply.clear();
            answer_(request, &shared, reply, &shared_);
            if (slot.initializer != 0) initialized_ = succeeded(reply);
        }
        return true;
    }

    [[nodiscard]] static bool succeeded(const std::string& reply) noexcept {
        try {
            decode_reply<void>(std::as_bytes(std::span(reply)));
            return true;
        } catch (...) {
            return false;  // the parent reads what it was
        }
    }

    void write_replies(std::byte* to) noexcept {
        RecordWriter writer(to);
        for (const std::string& reply : replies_) writer.put(reply);
    }

    void send_files(MessageSlot& slot) {
        try {
            const UniqueFd file = make_memory_file(slot.size);
            const SharedMapping mapping(file.get(), slot.size);
            write_replies(mapping.data());
            const std::vector<int> fds = descriptors_of(file.get(), shared_);
            const std::uint64_t sequence = slot.sequence.load(memory_relaxed);
            const long sent = sys::uninterrupted(
                [&] { return sys::sendmsg(socket_, &sequence, sizeof sequence, fds.data(), fds.size()); });
            if (sent < 0) throw_os_error(static_cast<int>(-sent), "send a large result");
            slot.files = static_cast<std::uint32_t>(fds.size());
            slot.kind = ReplyKind::records;
        } catch (const std::system_error& error) {
            slot.kind = ReplyKind::os_error;
            slot.count = static_cast<std::uint32_t>(error.code().value());
        }
    }

    Segment segment_;
    int socket_;
    int wakeup_;
    Answer answer_;
    const bool spins_;
    bool work_comes_fast_ = true;  // the last wait for it was short, as the next one may be
    CpuLimit cpu_limit_;
    FileInbox files_;
    std::vector<std::string> replies_;
    SharedFiles shared_;  // which they refer to
    bool initialized_ = false;
};

}  // namespace

int run_worker(const WorkerFds& fds, Answer answer) noexcept {
    try {
        Worker(fds, answer).work();
        return 0;
    } catch (...) {
        // The parent sees that it ended, and its log has the reason.
        try {
            log(LogLevel::error, "worker process: " + describe(std::current_exception()));
        } catch (...) {
            log(LogLevel::error, "worker process: out of memory");
        }
        return 1;
    }
}

}  // namespace asyncio::detail
