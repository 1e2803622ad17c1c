// The thread of a process pool: reads replies and keeps the limits. How workers end: process_pool_endings.cpp.

#include "../pool_registry.hpp"
#include "base/spin.hpp"
#include "process_pool.hpp"
#include "worker_end.hpp"

#include <asyncio/base/exceptions.hpp>
#include <asyncio/base/sys.hpp>

#include <signal.h>
#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace asyncio::detail {

namespace {

/// While replies keep coming, the thread looks only so often for anything else.
constexpr unsigned turns_between_looks = 64;
/// While workers are or just were busy, the thread looks so long for replies before it sleeps. On few processors it
/// holds up those who are to write or to read them, hence no longer.
constexpr std::chrono::microseconds spin_for_reply{6};

constinit thread_local const ProcessPool* pool_of_thread = nullptr;

}  // namespace

struct ProcessPool::Start {
    std::shared_ptr<ProcessPool> pool;
};

/// Frees the place of a message before its last job is delivered, so that whoever waited for that finds it free.
class ProcessPool::PlaceEnd final : public JobEnd {
public:
    PlaceEnd(ProcessPool& pool, WorkerHandle& worker, std::size_t index, FreesPlace frees) noexcept
        : pool_(pool),
          worker_(worker),
          index_(index),
          frees_(frees == FreesPlace::yes) {}

    void before_delivery() noexcept override {
        if (frees_ && last && message_ == nullptr) pool_.free_place(worker_, index_, message_);
    }

    bool last = false;

private:
    ProcessPool& pool_;
    WorkerHandle& worker_;
    std::size_t index_;
    bool frees_;
    std::unique_ptr<RemoteMessage> message_;
};

/// Once.
void ProcessPool::start_thread() {
    if (thread_started_) return;
    const long wakeup = sys::eventfd();
    if (wakeup < 0) throw_os_error(static_cast<int>(-wakeup), "create the eventfd of a process pool");
    wakeup_ = UniqueFd(static_cast<int>(wakeup));
    const long epoll = sys::epoll_create();
    if (epoll < 0) throw_os_error(static_cast<int>(-epoll), "create the epoll of a process pool");
    epoll_ = UniqueFd(static_cast<int>(epoll));
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = wakeup_.get();
    if (const long error = sys::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wakeup_.get(), &event); error < 0)
        throw_os_error(static_cast<int>(-error), "watch the eventfd of a process pool");
    auto start = std::make_unique<Start>(Start{shared_from_this()});
    if (const long error = sys::start_thread(&thread_main, start.get()); error < 0)
        throw_os_error(static_cast<int>(-error), "start the thread of a process pool");
    static_cast<void>(start.release());
    thread_started_ = true;
}

void* ProcessPool::thread_main(void* start) noexcept {
    const std::unique_ptr<Start> owned(static_cast<Start*>(start));
    owned->pool->work();
    return nullptr;
}

bool ProcessPool::in_own_thread() const noexcept {
    return pool_of_thread == this;
}

void ProcessPool::work() noexcept {
    pool_of_thread = this;
    while (true) {
        bool busy = false;
        {
            const std::lock_guard reading(reading_);
            fetching_ = false;  // it is awake, and will announce its sleep
            look_at_workers();
            busy = deliver_replies();
            if (reports_) read_reports();
            enforce_wall_time();
            if (finished()) break;
        }
        wait(busy);
    }
    leave();
}

/// Tells workers to go when there will be no more work.
bool ProcessPool::finished() noexcept {
    const std::lock_guard lock(mutex_);
    if (!shut_down_ && !broken_) return false;
    if (!queue_.empty()) return false;
    for (const auto& worker : workers_) {
        if (worker->load() > 0) return false;
    }
    for (const auto& worker : workers_) {
        // One that survived the signal that was to end it, too.
        if (!worker->dead && !worker->leaving) worker->leave();
    }
    return workers_.empty();
}

void ProcessPool::leave() noexcept {
    leave_to_be_joined();
    std::vector<futures::Future<void>> waiting;
    {
        const std::lock_guard lock(mutex_);
        server_.stop();
        epoll_.reset();
        wakeup_.reset();
        thread_ended_ = true;
        waiting.swap(waiting_for_end_);
        ended_.notify_all();
    }
    for (const auto& future : waiting) future.set_result();
}

void ProcessPool::look_at_workers() noexcept {
    const std::lock_guard lock(mutex_);
    note_living();
}

void ProcessPool::note_living() noexcept {
    seen_.clear();
    for (const auto& worker : workers_) {
        if (!worker->dead) seen_.push_back(worker.get());
    }
}

void ProcessPool::doom(WorkerHandle& worker) noexcept {
    if (!std::exchange(worker.doomed, true)) server_.signal(worker.id, SIGKILL);
}

bool ProcessPool::deliver_replies() noexcept {
    bool any = false;
    for (WorkerHandle* worker : seen_) any = deliver_replies_of(*worker) || any;
    return any;
}

bool ProcessPool::deliver_replies_of(WorkerHandle& worker) noexcept {
    bool any = false;
    for (std::size_t i = 0; i < slots_of_worker; ++i) {
        if (!worker.replied(i)) continue;
        worker.count_read_reply();
        deliver(worker, i);
        pump();
        any = true;
    }
    return any;
}

void ProcessPool::deliver(WorkerHandle& worker, std::size_t index) noexcept {
    RemoteMessage* message = nullptr;
    {
        const std::lock_guard lock(mutex_);
        const WorkerHandle::Place& place = worker.places[index];
        if (place.filling || place.written) {  // a reply to what was not sent
            doom(worker);
            return;
        }
        early_ends_ = 0;
        message = place.message.get();
        // Its loop was late: its further promises count.
        if (message != nullptr && message->loop != nullptr) looker_.withdraw(reader_of(message->loop));
    }
    if (message == nullptr) {
        damaged(worker, index);
    } else {
        static_cast<void>(deliver(worker, index, *message, FreesPlace::yes));
    }
}

/// False when the reply was damaged.
bool ProcessPool::deliver(WorkerHandle& worker, std::size_t index, RemoteMessage& message, FreesPlace frees) noexcept {
    WorkerHandle::ReplyFiles files;  // for as long as the reply is read
    bool intact = true;
    try {
        intact = worker.read_reply(index, message, files);
    } catch (...) {
        message.for_each([error = std::current_exception()](RemoteJob& job) { job.error = error; });
    }
    if (!intact) {
        damaged(worker, index);
        return false;
    }
    static_cast<void>(begin_message(message));  // else nobody wants the reply any more
    PlaceEnd end(*this, worker, index, frees);
    std::uint32_t left = message.count();
    message.for_each([&](RemoteJob& job) {
        end.last = --left == 0;
        job.finish(end);
    });
    end.before_delivery();
    return true;
}

/// Nothing that this worker says can be believed any more.
void ProcessPool::damaged(WorkerHandle& worker, std::size_t index) noexcept {
    std::unique_ptr<RemoteMessage> message;
    {
        const std::lock_guard lock(mutex_);
        doom(worker);
    }
    free_place(worker, index, message);
    if (strict_) break_down("a worker process has sent a damaged reply");
    if (message != nullptr) fail_message(*message, strict_ ? broken_pool_error() : damaged_reply(*message, worker.pid));
}

void ProcessPool::enforce_wall_time() noexcept {
    if (!wall_time_limit_) return;
    const Clock::time_point now = Clock::now();
    for (WorkerHandle* worker : seen_) {
        const auto deadline = worker->deadline(*wall_time_limit_);
        if (!deadline || *deadline > now || worker->any_replied()) continue;
        const std::lock_guard lock(mutex_);
        if (worker->doomed) continue;
        worker->overdue = true;
        doom(*worker);
    }
}

std::int64_t ProcessPool::time_to_sleep_ns() const noexcept {
    if (!wall_time_limit_) return -1;
    std::optional<Clock::time_point> first;
    for (const WorkerHandle* worker : seen_) {
        const auto deadline = worker->deadline(*wall_time_limit_);
        if (deadline && !worker->overdue && (!first || *deadline < *first)) first = deadline;
    }
    if (!first) return -1;
    return std::max<std::int64_t>((*first - Clock::now()).count(), 1);
}

/// Announces the sleep of the thread, unless a reply is there. While a loop works on what it was brought, workers need
/// not wake the thread for every further reply: that one looks for them before it sleeps, and else says so.
bool ProcessPool::may_sleep() noexcept {
    const std::unique_lock reading = lock_soon(reading_);
    const std::uint64_t looker = looker_.reader();
    fetching_ = looker != PromiseToLook::nobody;
    return !announce_sleep(seen_, channel_of, fetching_ ? looker : SegmentHeader::asleep);
}

void ProcessPool::wait(bool busy) noexcept {
    const auto any_replied = [&] { return std::ranges::any_of(seen_, &WorkerHandle::any_replied); };
    const bool look = ++turns_ % turns_between_looks == 0;
    const bool lately_busy = std::exchange(lately_busy_, busy);
    if (busy && !look) return;
    const bool expects_reply = lately_busy || std::ranges::any_of(seen_, &WorkerHandle::working);
    const bool somebody_looks = looker_.reader() != PromiseToLook::nobody;
    if (!look && spins_ && expects_reply && !somebody_looks && spin_until(any_replied, spin_for_reply)) return;
    std::array<epoll_event, 2> events{};
    const std::int64_t timeout = may_sleep() && !busy ? time_to_sleep_ns() : 0;
    const long count = sys::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), timeout);
    for (const WorkerHandle* worker : seen_) worker->channel().announce_waking();
    for (long i = 0; i < count; ++i) {
        if (events[static_cast<std::size_t>(i)].data.fd != wakeup_.get()) {
            reports_ = true;
            continue;
        }
        std::uint64_t ignored = 0;
        static_cast<void>(sys::read(wakeup_.get(), &ignored, sizeof ignored));
    }
}

}  // namespace asyncio::detail
