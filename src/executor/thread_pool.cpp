#include "thread_pool.hpp"

#include "base/spin.hpp"
#include "pool_registry.hpp"

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
    constexpr std::size_t line = 64;
    for (std::size_t at = 0; at < 4 * line; at += line)
        __builtin_prefetch(reinterpret_cast<const std::byte*>(&job) + at, 1);
}

/// Cuts the prefix, so that the number stays.
void name_this_thread(const std::string& prefix, std::uint32_t number) {
    const std::string suffix = "_" + std::to_string(number);
    const std::string name = prefix.substr(0, longest_thread_name - suffix.size()) + suffix;
    pthread_setname_np(pthread_self(), name.c_str());
}

}  // namespace

/// One thread of the pool: what it knows about its next job.
class ThreadPool::Worker final : public JobEnd {
public:
    explicit Worker(ThreadPool& pool) noexcept : pool_(pool) {}

    /// Looks for the next job before the outcome of the last one is delivered.
    void before_delivery() noexcept override {
        const std::unique_lock lock = lock_soon(pool_.mutex_);
        next = pool_.pop();
        if (next != nullptr) return;
        ++pool_.idle_;
        counted_idle = true;
    }

    JobNode* next = nullptr;
    bool counted_idle = false;  // in idle_, or one of claimed_ stands for it

private:
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
    std::unique_lock lock = lock_soon(mutex_);
    require_open();
    if (idle_ == 0 && threads_ < max_threads_) start_thread();  // first: it may throw
    JobNode* node = job.detach();
    node->next_job = nullptr;
    if (first_ == nullptr) {
        first_ = node;
    } else {
        last_->next_job = node;
    }
    last_ = node;
    if (idle_ == 0) return;  // a thread was started, or all are busy and will look for it
    --idle_;
    ++claimed_;
    if (lookout_.load(memory_relaxed) == Lookout::looks) {
        lookout_.store(Lookout::called, memory_relaxed);  // it takes the lock before it does anything
        return;
    }
    lock.unlock();
    work_.notify_one();
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
        while (JobNode* job = take(worker)) {
            job->run(worker);
            job->release_job();
        }
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
    JobNode* jobs = nullptr;
    {
        const std::lock_guard lock(mutex_);
        if (broken_ == nullptr) broken_ = std::move(cause);  // the first stays
        jobs = take_all();
    }
    const std::exception_ptr error = jobs != nullptr ? broken_error() : nullptr;
    while (jobs != nullptr) {
        JobNode* job = std::exchange(jobs, jobs->next_job);
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
    std::unique_lock lock = lock_soon(mutex_);
    while (true) {
        if (JobNode* job = pop()) {
            no_longer_idle(worker);
            return job;
        }
        if (shut_down_) {
            no_longer_idle(worker);
            return nullptr;
        }
        if (!worker.counted_idle) ++idle_;
        worker.counted_idle = true;
        look_out(lock);
        work_.wait(lock, [this] { return claimed_ > 0 || shut_down_; });
        if (claimed_ > 0) no_longer_idle(worker);
    }
}

/// Before a thread sleeps, it looks for a while whether a job comes: the submitter then need not wake it, which is a
/// system call for each small job. One thread at a time, so that the others leave the processors alone.
void ThreadPool::look_out(std::unique_lock<std::mutex>& lock) noexcept {
    if (!looks_out_ || claimed_ > 0 || lookout_.load(memory_relaxed) != Lookout::nobody) return;
    lookout_.store(Lookout::looks, memory_relaxed);
    lock.unlock();
    static_cast<void>(spin_until([this] { return lookout_.load(memory_relaxed) == Lookout::called; }, look_out_time));
    lock = lock_soon(mutex_);
    lookout_.store(Lookout::nobody, memory_relaxed);
}

void ThreadPool::no_longer_idle(Worker& worker) noexcept {
    if (!std::exchange(worker.counted_idle, false)) return;
    --(claimed_ > 0 ? claimed_ : idle_);
}

JobNode* ThreadPool::pop() noexcept {
    JobNode* job = first_;
    if (job == nullptr) return nullptr;
    first_ = job->next_job;
    if (first_ != nullptr) fetch_ahead(*first_);
    return job;
}

JobNode* ThreadPool::take_all() noexcept {
    return std::exchange(first_, nullptr);
}

void ThreadPool::shut_down(bool cancel_queued) noexcept {
    if (!usable()) return;
    JobNode* jobs = nullptr;
    {
        const std::lock_guard lock(mutex_);
        shut_down_ = true;
        if (cancel_queued) jobs = take_all();
        work_.notify_all();
    }
    while (jobs != nullptr) {
        JobNode* job = std::exchange(jobs, jobs->next_job);
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
