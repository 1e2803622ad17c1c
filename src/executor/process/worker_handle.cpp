#include "worker_handle.hpp"

#include <asyncio/base/exceptions.hpp>
#include <asyncio/base/sys.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace asyncio::detail {

namespace {

void write_records(std::byte* to, RemoteMessage& message) noexcept {
    RecordWriter writer(to);
    message.for_each([&](RemoteJob& job) { writer.put(job.request); });
}

void wake(Atomic<std::uint32_t>& posts) noexcept {
    sys::futex_wake(posts, 1);
}

}  // namespace

void measure_message(RemoteMessage& message) noexcept {
    message.size = 0;
    message.for_each([&](RemoteJob& job) { message.size += record_space(job.request.size()); });
}

void prepare_message(RemoteMessage& message) {
    if (message.size <= slot_room && message.shared.empty()) return;
    message.file = make_memory_file(message.size);
    write_records(SharedMapping(message.file.get(), message.size).data(), message);
    message.for_each([](RemoteJob& job) { job.request = std::string(); });
}

WorkerHandle::WorkerHandle(WorkerServer& server, ServerRequest::Kind kind, std::uint32_t number, int wakeup,
                           const WorkerLimits& limits)
    : id(number) {
    const UniqueFd file = make_memory_file(Segment::size);
    segment_ = Segment(file.get());
    SegmentHeader& header = segment_.header();
    header.cpu_limit_ns = limits.cpu_limit_ns;
    header.exit_limit_ns = limits.exit_limit_ns;
    header.memory_limit = limits.memory_limit;
    header.max_message_size = limits.max_message_size;
    header.announce_sleep();
    std::array<int, 2> ends{};
    if (const long error = sys::socketpair(ends.data()); error < 0)
        throw_os_error(static_cast<int>(-error), "create the socket of a worker process");
    socket_ = UniqueFd(ends[0]);
    const UniqueFd theirs(ends[1]);
    server.start_worker(kind, id, {file.get(), theirs.get(), wakeup});
}

bool WorkerHandle::filling() const noexcept {
    for (const Place& place : places) {
        if (place.filling) return true;
    }
    return false;
}

std::optional<std::size_t> WorkerHandle::place_for(const RemoteMessage& message, bool revocable) const noexcept {
    const auto fits = [&](std::size_t i) {
        return places[i].message == nullptr && (message.file || message.size <= Segment::room_size(i));
    };
    if (revocable && load_ > 0 && fits(next_place_)) return next_place_;
    for (std::size_t i = 0; i < places.size(); ++i) {
        if (fits(i)) return i;
    }
    return std::nullopt;
}

std::array<std::size_t, slots_of_worker> WorkerHandle::newest_first() const noexcept {
    std::array<std::size_t, slots_of_worker> indices{};
    std::iota(indices.begin(), indices.end(), std::size_t{0});
    std::ranges::sort(indices, std::greater(), [&](std::size_t i) { return places[i].sequence; });
    return indices;
}

void WorkerHandle::put(std::size_t index, std::unique_ptr<RemoteMessage> message) noexcept {
    if (!message->initializer) ++load_;
    ++unposted_;
    next_place_ = (index + 1) % places.size();
    places[index] = {std::move(message), next_sequence_++, true};
}

std::unique_ptr<RemoteMessage> WorkerHandle::remove(std::size_t index) noexcept {
    Place removed = std::exchange(places[index], Place{});
    if (removed.filling || removed.written) --unposted_;
    if (removed.message != nullptr && !removed.message->initializer) --load_;
    return std::move(removed.message);
}

void WorkerHandle::write(std::size_t index) {
    RemoteMessage& message = *places[index].message;
    const std::uint64_t sequence = places[index].sequence;
    MessageSlot& to = slot(index);
    to.count = message.count();
    to.size = message.size;
    to.sequence.store(sequence, memory_relaxed);
    to.files = message.file ? static_cast<std::uint32_t>(1 + message.shared.size()) : 0;
    to.initializer = message.initializer ? 1 : 0;
    to.reader = reader_of(message.loop);
    to.taken_at.store(0, memory_relaxed);
    if (!message.file) {
        write_records(segment_.room(index), message);
        return;
    }
    const std::vector<int> fds = descriptors_of(message.file.get(), message.shared);
    const long sent = sys::uninterrupted(
        [&] { return sys::sendmsg(socket_.get(), &sequence, sizeof sequence, fds.data(), fds.size()); });
    if (sent < 0 && sent != -EPIPE && sent != -ECONNRESET)  // those: it has ended, as will be reported
        throw_os_error(static_cast<int>(-sent), "send large arguments to a worker process");
}

void WorkerHandle::post(std::size_t index) noexcept {
    places[index].filling = false;
    places[index].written = true;
    post_written();
}

std::unique_ptr<RemoteMessage> WorkerHandle::drop(std::size_t index) noexcept {
    auto dropped = remove(index);
    if (!dead) post_written();
    return dropped;
}

void WorkerHandle::post_written() noexcept {
    while (unposted_ > 0) {
        const std::size_t oldest = oldest_unposted();
        if (places[oldest].filling) return;
        places[oldest].written = false;
        --unposted_;
        channel().post(slot(oldest), wake);
    }
}

/// Precondition: there is one.
std::size_t WorkerHandle::oldest_unposted() const noexcept {
    const auto unposted = [&](std::size_t i) { return places[i].filling || places[i].written; };
    const std::size_t youngest = (next_place_ + places.size() - 1) % places.size();
    std::size_t oldest = youngest;
    if (unposted_ == 1 && unposted(youngest)) return youngest;
    for (std::size_t i = 0; i < places.size(); ++i) {
        if (unposted(i) && (!unposted(oldest) || places[i].sequence < places[oldest].sequence)) oldest = i;
    }
    return oldest;
}

// Replies may come in any order.
static_assert(FileInbox::most_messages >= slots_of_worker);

std::unique_ptr<RemoteMessage> WorkerHandle::take_back() noexcept {
    while (true) {
        std::optional<std::size_t> oldest;
        for (std::size_t i = 0; i < places.size(); ++i) {
            const Place& place = places[i];
            if (place.message == nullptr || place.message->initializer || place.message->file) continue;
            if (slot(i).state.load(memory_relaxed) != SlotState::posted) continue;
            if (!oldest || place.sequence < places[*oldest].sequence) oldest = i;
        }
        if (!oldest) return nullptr;
        if (auto message = take_back(*oldest)) return message;
    }
}

std::unique_ptr<RemoteMessage> WorkerHandle::take_back(std::size_t index) noexcept {
    if (!places[index].written && !SegmentHeader::take_back(slot(index))) return nullptr;
    --sent;
    return remove(index);
}

void WorkerHandle::leave() noexcept {
    leaving = true;
    channel().ask_to_leave(wake);
}

bool WorkerHandle::working() const noexcept {
    for (std::size_t i = 0; i < slots_of_worker; ++i) {
        if (slot(i).state.load(memory_relaxed) != SlotState::empty) return true;
    }
    return false;
}

bool WorkerHandle::read_reply(std::size_t index, RemoteMessage& message, ReplyFiles& files) {
    // Copies first: what the worker could still change is not believed twice.
    const MessageSlot& from = slot(index);
    const ReplyKind kind = from.kind;
    const std::uint32_t count = from.count;
    const std::uint64_t size = from.size;
    const std::uint32_t count_of_files = from.files;
    if (kind == ReplyKind::os_error) {
        const std::exception_ptr error = os_error(static_cast<int>(count), "send a large result");
        message.for_each([&](RemoteJob& job) { job.error = error; });
        return true;
    }
    if (kind == ReplyKind::too_long) {
        const auto error = std::make_exception_ptr(std::length_error(
            "the result of " + std::string(message.function) + " takes " + std::to_string(size) +
            " bytes, more than the max_message_size of " + std::to_string(segment_.header().max_message_size)));
        message.for_each([&](RemoteJob& job) { job.error = error; });
        return true;
    }
    if (kind != ReplyKind::records || count != message.count()) return false;
    const bool in_file = count_of_files != 0;
    if (in_file) {
        std::vector<UniqueFd> received =
            files_.receive(socket_.get(), from.sequence.load(memory_relaxed), MSG_DONTWAIT);
        if (received.size() != count_of_files) return false;
        files.records = map_received(received.front().get(), size);
        files.shared = shared_files_of(received);
    }
    if (in_file ? !files.records : size > Segment::room_size(index)) return false;
    RecordReader reader({in_file ? files.records.data() : segment_.room(index), size});
    bool complete = true;
    message.for_each([&](RemoteJob& job) {
        job.reply_files = &files.shared;
        complete = complete && reader.next(job.reply);
    });
    return complete && reader.at_end();
}

std::optional<Clock::time_point> WorkerHandle::deadline(Clock::duration limit) const noexcept {
    std::optional<Clock::time_point> first;
    for (std::size_t i = 0; i < slots_of_worker; ++i) {
        const SlotState state = slot(i).state.load(memory_acquire);
        if (state != SlotState::posted && state != SlotState::taken) continue;
        // What has not begun, or just has, is looked at again after the limit.
        const std::int64_t taken_at = state == SlotState::taken ? slot(i).taken_at.load(memory_relaxed) : 0;
        const Clock::time_point from = taken_at != 0 ? Clock::time_point(Clock::duration(taken_at)) : Clock::now();
        const Clock::time_point end = saturating_add(from, limit);
        if (!first || end < *first) first = end;
    }
    return first;
}

}  // namespace asyncio::detail
