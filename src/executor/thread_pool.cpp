#include "thread_pool.hpp"

#include "base/spin.hpp"
#include "pool_registry.hpp"

#include <asyncio/base/cache_line.hpp>
#include <asyncio/base/exceptions.hpp>
#include <asyncio/base/fork.hpp>
#include <asyncio/base/log.hpp>
#include <asyncio/base/sys.hpp>

#include <pthread.h>

#include <utility>

namespace asyncio::detail {

namespace {

constexpr std::size_t longest_thread_name = 15;
constexpr const char* broken_message = "A thread initializer failed, the thread pool is not usable anymore";

constinit thread_local const ThreadPool* pool_of_thread = nullptr;

/// The next job comes from another processor: its memory arrives while this one runs.
void fetch_ahead(const JobNode& job) noexcept {
    for (std::size_t line = 0; line < 4; ++line) prefetch_line(&job, line * line_size);
}

/// Cuts the prefix, so that the number stays.
void name_this_thread(const std::string& prefix, std::uint32_t number) {
    const std::string suffix = "_" + std::to_string(number);
    const std::string name = prefix.substr(0, longest_thread_name - suffix.size()) + suffix;
    pthread_setname_np(pthread_self(), name.c_str());
}

}  // namespace

/// One thread of the pool: what it knows about its next job.
class ThreadPool::Worker final : public JobEnd, public ListHook {
public:
    explicit Worker(ThreadPool& pool) noexcept : pool_(pool) {}

    /// Looks for the next job before the outcome of the last one is delivered.
    void before_delivery() noexcept override {
        const std::unique_lock lock = lock_soon(pool_.mutex_);
        look_for_next();
    }
    /// When there is none, looks out from here on.
    void before_post() noexcept override {
        const std::unique_lock lock = lock_soon(pool_.mutex_);
        if (!look_for_next()) static_cast<void>(pool_.begin_to_look(*this));
    }

    /// Sleeps until it was unparked.
    void sleep() noexcept {
        while (asleep.load(memory_acquire) != 0) sys::futex_wait(asleep, 1);
    }
    /// Without the lock, after it was unparked. Its thread may be gone by then: then nobody is woken, or somebody who
    /// looks again.
    void wake() noexcept { sys::futex_wake(asleep, 1); }

    JobNode* next = nullptr;
    bool counted_idle = false;  // in idle_
    bool looks = false;
    bool has_looked = false;          // in vain
    std::uintptr_t looks_at = 0;      // what the gate is until something happens
    Atomic<std::uint32_t> asleep{0};  // 1: it is in parked_; changes with the lock only

private:
    bool look_for_next() noexcept {
        next = pool_.pop();
        if (next != nullptr) return true;
        ++pool_.idle_;
        counted_idle = true;
        return false;
    }

    ThreadPool& pool_;
};

struct ThreadPool::Start {
    std::shared_ptr<ThreadPool> pool;
    std::uint32_t number;
};

ThreadPool::ThreadPool(std::size_t max_threads, std::string name_prefix, std::function<void()> initializer,
                       BrokenPoolError* broken)
    : max_threads_(max_threads),
      name_prefix_(std::move(name_prefix)),
      initializer_(std::move(initializer)),
      make_broken_(broken),
      generation_(process_generation()),
      looks_out_(others_can_work()) {}

ThreadPool::~ThreadPool() = default;

bool ThreadPool::usable() const noexcept {
    return generation_ == process_generation();
}

bool ThreadPool::in_own_thread() const noexcept {
    return pool_of_thread == this;
}

void ThreadPool::require_open() const {
    if (broken_) std::rethrow_exception(make_broken_(broken_message, broken_));
    if (shut_down_) throw RuntimeError("cannot schedule new futures after shutdown");
    if (program_ends()) throw RuntimeError("cannot schedule new futures when the program is ending");
}

void ThreadPool::execute(futures::Job job) {
    if (!usable()) throw RuntimeError("cannot use a thread pool in a forked child process");
    JobNode* const node = job.node();
    if (!program_ends() && gate_.pass(*node)) return static_cast<void>(job.detach());
    std::unique_lock lock = lock_soon(mutex_);
    require_open();
    if (gate_.pass(*node)) return static_cast<void>(job.detach());
    gate_.say(JobGate::Says::ask, queue_);
    if (threads_ < max_threads_ && queue_.count >= idle_) start_thread();  // first: it may throw
    queue_.append(*job.detach());
    Worker* const woken = queue_.count > awake_ ? unpark() : nullptr;
    set_gate();
    lock.unlock();
    if (woken != nullptr) woken->wake();
}

/// A pool that has a thread gets on without a further one; without any, the failure is thrown.
void ThreadPool::start_thread() {
    auto start = std::make_unique<Start>(Start{shared_from_this(), next_number_});
    const long error = sys::start_thread(&thread_main, start.get());
    if (error == 0) {
        static_cast<void>(start.release());
        ++next_number_;
        ++threads_;
    } else if (threads_ == 0) {
        throw_os_error(static_cast<int>(-error), "start a thread of " + name_prefix_);
    }
}

void* ThreadPool::thread_main(void* start) noexcept {
    const std::unique_ptr<Start> owned(static_cast<Start*>(start));
    owned->pool->work(owned->number);
    return nullptr;
}

void ThreadPool::work(std::uint32_t number) noexcept {
    pool_of_thread = this;
    try {
        name_this_thread(name_prefix_, number);
    } catch (const std::bad_alloc&) {
        // It keeps the name of the thread that started it.
    }
    if (std::exception_ptr error = initialize(); error == nullptr) {
        Worker worker(*this);
        while (JobNode* job = take(worker)) job->run(worker);
    } else {
        break_down(std::move(error));
    }
    leave();
}

/// What the initializer throws.
std::exception_ptr ThreadPool::initialize() noexcept {
    if (!initializer_) return nullptr;
    try {
        initializer_();
        return nullptr;
    } catch (...) {
        std::exception_ptr error = std::current_exception();
        log(LogLevel::error, "Exception in initializer: " + describe(error));
        return error;
    }
}

std::exception_ptr ThreadPool::broken_error() const noexcept {
    try {
        return make_broken_(broken_message, broken_);
    } catch (...) {
        return std::current_exception();  // no memory
    }
}

void ThreadPool::break_down(std::exception_ptr cause) noexcept {
    JobChain jobs;
    {
        const std::lock_guard lock(mutex_);
        if (broken_ == nullptr) broken_ = std::move(cause);  // the first stays
        gate_.say(JobGate::Says::ask, queue_);
        std::swap(jobs, queue_);
    }
    const std::exception_ptr error = jobs.count > 0 ? broken_error() : nullptr;
    while (JobNode* job = jobs.pop()) {
        job->fail(error);
        job->release_job();
    }
}

void ThreadPool::leave() noexcept {
    leave_to_be_joined();
    std::vector<futures::Future<void>> emptied;
    {
        const std::lock_guard lock(mutex_);
        --threads_;
        if (threads_ == 0) emptied.swap(emptied_);
        empty_.notify_all();
    }
    for (const auto& future : emptied) future.set_result();
}

JobNode* ThreadPool::take(Worker& worker) noexcept {
    if (worker.next != nullptr) return std::exchange(worker.next, nullptr);
    std::unique_lock lock(mutex_, std::defer_lock);
    if (!worker.looks) lock = lock_soon(mutex_);
    while (true) {
        if (worker.looks) look_out(lock, worker);
        if (JobNode* job = pop()) {
            no_longer_idle(worker);
            worker.has_looked = false;
            set_gate();
            return job;
        }
        if (shut_down_) {
            no_longer_idle(worker);
            return nullptr;
        }
        if (!worker.counted_idle) ++idle_;
        worker.counted_idle = true;
        if (!begin_to_look(worker)) park(lock, worker);
    }
}

/// Before a thread sleeps, it looks for a while whether a job comes: the submitter then need not wake it, which is a
/// system call for each small job. One thread at a time, so that the others leave the processors alone.
bool ThreadPool::begin_to_look(Worker& worker) noexcept {
    if (!looks_out_ || somebody_looks_ || worker.has_looked) return false;
    const JobGate::Says what = gate_says() == JobGate::Says::everyone ? JobGate::Says::everyone : JobGate::Says::one;
    if (shut_down_ || broken_ || !gate_.say_if_empty(what)) return false;
    somebody_looks_ = true;
    ++awake_;
    worker.looks = true;
    worker.looks_at = JobGate::nothing(what);
    return true;
}

/// Without the lock at first.
void ThreadPool::look_out(std::unique_lock<std::mutex>& lock, Worker& worker) noexcept {
    if (lock.owns_lock()) lock.unlock();
    worker.has_looked = !spin_until([&] { return !gate_.is(worker.looks_at); }, look_out_time);
    lock = lock_soon(mutex_);
    somebody_looks_ = false;
    --awake_;
    worker.looks = false;
}

/// Each sleeps on a word of its own: whoever wakes one does not hold the lock, which that one needs next.
void ThreadPool::park(std::unique_lock<std::mutex>& lock, Worker& worker) noexcept {
    worker.has_looked = false;
    worker.asleep.store(1, memory_relaxed);
    parked_.push_front(worker);
    // What has passed until now is not to be left behind, unless it is somebody else who looks.
    if (!somebody_looks_ || gate_.says() != JobGate::Says::one) gate_.say(JobGate::Says::ask, queue_);
    if (queue_.count > 0) {
        worker.asleep.store(0, memory_relaxed);
        worker.unlink();
        return;
    }
    lock.unlock();
    worker.sleep();
    lock = lock_soon(mutex_);
    --awake_;
}

/// Whoever fell asleep last; wake it without the lock. nullptr: nobody sleeps.
ThreadPool::Worker* ThreadPool::unpark() noexcept {
    Worker* const worker = parked_.pop_front();
    if (worker == nullptr) return nullptr;
    ++awake_;
    worker->asleep.store(0, memory_release);
    return worker;
}

/// What the gate says to those who submit, unless somebody looks.
JobGate::Says ThreadPool::gate_says() const noexcept {
    if (shut_down_ || broken_ || threads_ < max_threads_ || !parked_.empty()) return JobGate::Says::ask;
    return JobGate::Says::everyone;
}

/// After a change of what gate_says() depends on.
void ThreadPool::set_gate() noexcept {
    const JobGate::Says what = gate_says();
    const JobGate::Says now = gate_.says();
    const bool for_who_looks = now == JobGate::Says::one && somebody_looks_ && what == JobGate::Says::ask;
    if (what != now && !for_who_looks) gate_.say(what, queue_);
}

void ThreadPool::no_longer_idle(Worker& worker) noexcept {
    if (std::exchange(worker.counted_idle, false)) --idle_;
}

JobNode* ThreadPool::pop() noexcept {
    if (queue_.first == nullptr && !gate_.empty()) gate_.say(gate_says(), queue_);
    JobNode* const job = queue_.pop();
    if (queue_.first != nullptr) fetch_ahead(*queue_.first);
    return job;
}

void ThreadPool::shut_down(bool cancel_queued) noexcept {
    if (!usable()) return;
    JobChain jobs;
    {
        const std::lock_guard lock(mutex_);
        shut_down_ = true;
        gate_.say(JobGate::Says::ask, queue_);
        if (cancel_queued) std::swap(jobs, queue_);
        while (Worker* worker = unpark()) worker->wake();
    }
    while (JobNode* job = jobs.pop()) {
        job->cancel();
        job->release_job();
    }
}

void ThreadPool::wait_until_empty() noexcept {
    if (!usable()) return;
    const std::size_t own = in_own_thread() ? 1 : 0;
    std::unique_lock lock(mutex_);
    empty_.wait(lock, [&] { return threads_ <= own; });
}

futures::Future<void> ThreadPool::emptied() {
    futures::Future<void> future;
    static_cast<void>(future.set_running_or_notify_cancel());  // nobody cancels what the pool owes
    if (!usable()) {
        future.set_result();
        return future;
    }
    std::unique_lock lock(mutex_);
    if (threads_ != 0) {
        emptied_.push_back(future);
        return future;
    }
    lock.unlock();
    future.set_result();
    return future;
}

std::size_t ThreadPool::threads() const {
    if (!usable()) return 0;
    const std::lock_guard lock(mutex_);
    return threads_;
}

}  // namespace asyncio::detail
