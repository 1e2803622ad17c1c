// The part of a process pool's thread that hears from the fork server how workers end, and decides what becomes of what
// they had.

#include "process_pool.hpp"
#include "worker_end.hpp"

#include <asyncio/base/exceptions.hpp>
#include <asyncio/base/log.hpp>

#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <utility>

namespace asyncio::detail {

namespace {

/// Workers in a row that end by themselves before they can do anything: the program does not work as a worker.
constexpr int most_early_ends = 3;

}  // namespace

void ProcessPool::read_reports() noexcept {
    reports_ = false;
    while (true) {
        std::optional<ServerReport> report;
        {
            const std::lock_guard lock(mutex_);
            report = server_.receive();
            if (!report && server_.running()) return;
            note_living();  // before another server is started, with other workers
        }
        if (report) {
            on_report(*report);
            continue;
        }
        on_server_ended();
        return;
    }
}

/// The workers that were noted last have ended with it.
void ProcessPool::on_server_ended() noexcept {
    const std::vector<WorkerHandle*> all = seen_;
    for (WorkerHandle* worker : all) on_ended(*worker, worker->ready() ? SIGKILL : server_.last_status());
    if (!all.empty()) return;
    on_early_end(server_.last_status(), false);
    pump();  // who found it gone has left messages in the queue
}

void ProcessPool::on_report(const ServerReport& report) noexcept {
    look_at_workers();
    const auto found = std::ranges::find(seen_, report.worker, &WorkerHandle::id);
    if (found == seen_.end()) return;
    WorkerHandle& worker = **found;
    switch (report.kind) {
        case ServerReport::Kind::started: {
            const std::lock_guard lock(mutex_);
            worker.pid = report.value;
            return;
        }
        case ServerReport::Kind::failed:
            on_start_failed(worker, report.value);
            return;
        case ServerReport::Kind::ended:
            on_ended(worker, report.value);
            return;
    }
}

/// Others get on without it; without any other, what is queued fails.
void ProcessPool::on_start_failed(WorkerHandle& worker, int error) noexcept {
    bool alone = false;
    {
        const std::lock_guard lock(mutex_);
        static_cast<void>(take_from_dead(worker));  // it has begun nothing
        bury_dead();
        start_failed_ = true;
        alone = usable_workers() == 0;
    }
    look_at_workers();
    if (alone) fail_all_queued(os_error(error, "start a worker process"));
    pump();
}

/// With the lock. Puts back what it has not begun, and gives what it was working on.
std::unique_ptr<RemoteMessage> ProcessPool::take_from_dead(WorkerHandle& worker) noexcept {
    worker.dead = true;
    std::unique_ptr<RemoteMessage> victim;
    for (const std::size_t i : worker.newest_first()) {
        WorkerHandle::Place& place = worker.places[i];
        if (place.message == nullptr || place.filling) continue;
        if (worker.slot(i).state.load(memory_acquire) == SlotState::taken) {
            victim = worker.remove(i);
        } else if (!place.message->initializer) {
            queue_.push_front(worker.remove(i));
        }
    }
    return victim;
}

/// `status` as waitpid gives it.
void ProcessPool::on_ended(WorkerHandle& worker, int status) noexcept {
    static_cast<void>(deliver_replies_of(worker));
    std::unique_ptr<RemoteMessage> victim;
    WorkerEnding ending{};
    bool breaks = false;
    bool early = false;  // before it could take a job
    bool fell_on_its_way_out = false;
    {
        // Once it is marked as dead, whoever was filling a slot of it may bury it.
        const std::lock_guard lock(mutex_);
        ending = {worker.pid, status, worker.overdue ? wall_time_limit_ : std::nullopt};
        fell_on_its_way_out = worker.leaving && !worker.doomed && status != 0 && server_.running();
        victim = take_from_dead(worker);
        early = !worker.leaving && (!worker.ready() || (victim != nullptr && victim->initializer));
        breaks = !worker.leaving && strict_ && !terminated_;
    }
    if (fell_on_its_way_out)
        log(LogLevel::warning, "process pool: " + how_it_ended(worker.pid, status) + " while it left");
    if (early) on_early_end(status, worker.overdue);
    if (breaks) break_down(how_it_ended(ending.process, status));
    if (victim != nullptr && begin_message(*victim)) end_attempt(std::move(victim), ending);
    {
        const std::lock_guard lock(mutex_);
        bury_dead();
        // What lies before the others has a right to a new one.
        if (!broken_ && !terminated_ && usable_workers() < max_workers_) recall(nullptr);
    }
    look_at_workers();
    pump();
}

void ProcessPool::on_early_end(int status, bool overdue) noexcept {
    // Who was killed from outside may have been well.
    const bool by_itself =
        overdue || !WIFSIGNALED(status) || (WTERMSIG(status) != SIGKILL && WTERMSIG(status) != SIGTERM);
    {
        const std::lock_guard lock(mutex_);
        if (!by_itself || ++early_ends_ < most_early_ends) return;
    }
    break_down("worker processes end before they have begun (" + how_it_ended(0, status) +
               "): " + (initializer_.empty() ? "does main() come to asyncio::worker_main?" : "in the initializer?"));
}

/// The message that the worker was working on when it ended.
void ProcessPool::end_attempt(std::unique_ptr<RemoteMessage> message, const WorkerEnding& ending) noexcept {
    ++message->attempts;
    bool again = false;
    bool broken = false;
    {
        const std::lock_guard lock(mutex_);
        broken = broken_;
        again = !broken_ && !terminated_ && message->attempts <= retries_;
        // A worker that somebody killed while it initialised is simply missing; one that failed says something.
        if (message->initializer && WIFSIGNALED(ending.status) && !strict_) return;
        if (again && !message->initializer) {
            queue_.push_front(std::move(message));
            return;
        }
    }
    fail_message(*message, broken && strict_ ? broken_pool_error() : worker_died(*message, ending));
}

/// Nothing runs any more: all jobs fail with BrokenProcessPool, the running ones when their workers have ended.
void ProcessPool::break_down(const std::string& reason) noexcept {
    {
        const std::lock_guard lock(mutex_);
        if (std::exchange(broken_, true)) return;
        kill_all(SIGKILL);
    }
    log(LogLevel::error, "process pool: " + reason);
    fail_all_queued(broken_pool_error());
}

}  // namespace asyncio::detail
