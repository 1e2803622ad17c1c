#pragma once

#include "file_inbox.hpp"
#include "segment.hpp"
#include "shared_file.hpp"
#include "worker_server.hpp"

#include <asyncio/base/clock.hpp>
#include <asyncio/executor/remote_job.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

namespace asyncio::detail {

/// What each worker is told at its start.
struct WorkerLimits {
    std::int64_t cpu_limit_ns;
    std::int64_t exit_limit_ns;
    std::uint64_t memory_limit;
    std::uint64_t max_message_size;
};

/// A worker process, seen from the pool: its segment, and the messages that are in its slots. With the pool's lock,
/// where nothing else is said.
class WorkerHandle {
public:
    /// Has it started. Throws ServerHasEnded; std::system_error.
    WorkerHandle(WorkerServer& server, ServerRequest::Kind kind, std::uint32_t id, int wakeup,
                 const WorkerLimits& limits);

    struct Place {
        std::unique_ptr<RemoteMessage> message;
        std::uint64_t sequence = 0;
        bool filling = false;                 // somebody writes into the slot
        bool written = false;                 // but not posted, since an older one is not
        const Delivery* revocable = nullptr;  // the job, sent without having begun; only compared
    };

    [[nodiscard]] MessageSlot& slot(std::size_t index) const noexcept { return segment_.slot(index); }
    [[nodiscard]] bool ready() const noexcept { return segment_.header().ready.load(memory_acquire) != 0; }
    /// How many messages it has, without the initializer's.
    [[nodiscard]] std::size_t load() const noexcept { return load_; }
    [[nodiscard]] bool filling() const noexcept;
    /// `revocable`: it may be one of many.
    [[nodiscard]] std::optional<std::size_t> place_for(const RemoteMessage& message, bool revocable) const noexcept;
    /// The indices of the places.
    [[nodiscard]] std::array<std::size_t, slots_of_worker> newest_first() const noexcept;
    [[nodiscard]] bool usable() const noexcept { return !dead && !leaving && !doomed; }

    /// Begins to fill a place that `place_for` has found.
    void put(std::size_t index, std::unique_ptr<RemoteMessage> message) noexcept;
    /// Without the lock, in a place that is `filling`. Throws std::system_error when the message has a file.
    void write(std::size_t index);
    /// What was filled may be taken by the worker from here on, after what is older.
    void post(std::size_t index) noexcept;
    /// What was filled is not to be posted.
    [[nodiscard]] std::unique_ptr<RemoteMessage> drop(std::size_t index) noexcept;
    /// Takes back the oldest message that the worker has not begun; null when there is none. Not one with a file, which
    /// would stay in the socket.
    [[nodiscard]] std::unique_ptr<RemoteMessage> take_back() noexcept;
    /// Takes a message back, unless the worker has begun it; else null.
    [[nodiscard]] std::unique_ptr<RemoteMessage> take_back(std::size_t index) noexcept;
    /// What was there has been dealt with.
    [[nodiscard]] std::unique_ptr<RemoteMessage> remove(std::size_t index) noexcept;
    /// It exits when it has done what it has.
    void leave() noexcept;

    // Whoever holds the pool's reading_; without its lock:

    /// A reply is there.
    [[nodiscard]] bool replied(std::size_t index) const noexcept { return SegmentHeader::replied(slot(index)); }
    [[nodiscard]] bool any_replied() const noexcept { return channel().any_replied(); }
    /// The same, for little money; a worker that does not count rightly deceives only itself.
    [[nodiscard]] bool has_new_replies() const noexcept { return channel().count_replies() != replies_read_; }
    /// Calls `read(index)` for each reply, for some perhaps twice, as long as that says true.
    template <class Read>
    bool for_new_replies(Read read) noexcept;
    /// Each reply that is read is counted.
    void count_read_reply() noexcept { ++replies_read_; }
    /// A reply is to be expected.
    [[nodiscard]] bool working() const noexcept;
    /// Where a reply lies that is not in its slot.
    struct ReplyFiles {
        SharedMapping records;
        SharedFiles shared;
    };
    /// Gives the message's jobs what came back: replies, or errors. False when it was damaged. Throws
    /// std::system_error.
    [[nodiscard]] bool read_reply(std::size_t index, RemoteMessage& message, ReplyFiles& files);
    [[nodiscard]] SegmentHeader& channel() const noexcept { return segment_.header(); }
    /// When the message that it works on must be done at last.
    [[nodiscard]] std::optional<Clock::time_point> deadline(Clock::duration limit) const noexcept;

    const std::uint32_t id;
    int pid = 0;           // when it has started
    int sent = 0;          // messages, for max_tasks_per_child
    bool dead = false;     // nothing is posted any more; goes when nobody fills a slot
    bool leaving = false;  // it was told to exit
    bool doomed = false;   // it is being killed
    bool overdue = false;  // because its job took too long
    std::array<Place, slots_of_worker> places;

private:
    void post_written() noexcept;
    [[nodiscard]] std::size_t oldest_unposted() const noexcept;

    std::size_t load_ = 0;
    std::size_t unposted_ = 0;    // places that are filling or written
    std::size_t next_place_ = 0;  // after the youngest message's
    std::uint64_t next_sequence_ = 0;
    std::size_t next_reply_ = 0;  // where the next one should lie
    std::uint32_t replies_read_ = 0;
    UniqueFd socket_;
    Segment segment_;
    FileInbox files_;
};

template <class Read>
bool WorkerHandle::for_new_replies(Read read) noexcept {
    const auto read_in_order = [&](std::size_t from) {
        next_reply_ = from;
        for (std::size_t n = 0; n < slots_of_worker && replied(next_reply_); ++n) {
            if (!read(next_reply_)) return false;
            next_reply_ = (next_reply_ + 1) % slots_of_worker;
        }
        return true;
    };
    // Mostly they lie one after the other, or there is only one.
    if (!read_in_order(next_reply_)) return false;
    for (std::size_t i = 0; i < slots_of_worker && has_new_replies(); ++i) {
        if (replied(i) && !read_in_order(i)) return false;
    }
    return true;
}

/// Writes down how many bytes its records take.
void measure_message(RemoteMessage& message) noexcept;
/// Puts the records of a measured message into a file of their own when they are too long for a slot, or something goes
/// along with them. Throws std::system_error.
void prepare_message(RemoteMessage& message);

/// The mark of what is for this loop.
inline std::uint64_t reader_of(const LoopCore* loop) noexcept {
    return reinterpret_cast<std::uintptr_t>(loop);
}

/// For what looks at the channels of several workers.
inline SegmentHeader& channel_of(const WorkerHandle* worker) noexcept {
    return worker->channel();
}

}  // namespace asyncio::detail
