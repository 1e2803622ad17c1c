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
        bool filling = false;  // somebody writes into the slot
        bool written = false;  // but not posted, since an older one is not
    };

    [[nodiscard]] MessageSlot& slot(std::size_t index) const noexcept { return segment_.slot(index); }
    [[nodiscard]] bool ready() const noexcept { return segment_.header().ready.load(memory_acquire) != 0; }
    /// How many messages it has, without the initializer's.
    [[nodiscard]] std::size_t load() const noexcept;
    [[nodiscard]] bool filling() const noexcept;
    [[nodiscard]] std::optional<std::size_t> free_place() const noexcept;
    [[nodiscard]] bool usable() const noexcept { return !dead && !leaving && !doomed; }

    /// Without the lock, in a place that is `filling`. Throws std::system_error.
    void write(std::size_t index);
    /// What was filled may be taken by the worker from here on, after what is older.
    void post(std::size_t index) noexcept;
    /// What was filled is not to be posted.
    [[nodiscard]] std::unique_ptr<RemoteMessage> drop(std::size_t index) noexcept;
    /// Takes back a message that the worker has not begun; null when there is none. Not one with a file, which would
    /// stay in the socket.
    [[nodiscard]] std::unique_ptr<RemoteMessage> take_back() noexcept;
    /// It exits when it has done what it has.
    void leave() noexcept;

    // Whoever holds the pool's reading_; without its lock:

    /// A reply is there.
    [[nodiscard]] bool replied(std::size_t index) const noexcept { return SegmentHeader::replied(slot(index)); }
    [[nodiscard]] bool any_replied() const noexcept { return channel().any_replied(); }
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

    UniqueFd socket_;
    Segment segment_;
    FileInbox files_;
};

/// Writes down how many bytes its records take.
void measure_message(RemoteMessage& message) noexcept;
/// Puts the records of a measured message into a file of their own when they are too long for a slot, or something goes
/// along with them. Throws std::system_error.
void prepare_message(RemoteMessage& message);

/// For what looks at the channels of several workers.
inline SegmentHeader& channel_of(const WorkerHandle* worker) noexcept {
    return worker->channel();
}

}  // namespace asyncio::detail
