#include "process_pool.hpp"

#include "base/spin.hpp"

#include <asyncio/base/exceptions.hpp>
#include <asyncio/base/fork.hpp>
#include <asyncio/base/sys.hpp>

#include <sys/epoll.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace asyncio::detail {

std::exception_ptr broken_pool_error() {
    return std::make_exception_ptr(futures::BrokenProcessPool(
        "A process in the process pool was terminated abruptly while the future was running or pending."));
}

bool begin_message(RemoteMessage& message) noexcept {
    if (std::exchange(message.begun, true)) return true;
    bool wanted = false;
    message.for_each([&](RemoteJob& job) { wanted = job.begin() || wanted; });
    return wanted;
}

void fail_message(RemoteMessage& message, const std::exception_ptr& error) noexcept {
    if (!message.begun) {
        message.fail(error);
        return;
    }
    struct Nobody final : JobEnd {
    } nobody;
    message.for_each([&](RemoteJob& job) {
        job.error = error;
        job.finish(nobody);
    });
}

/// The initializer is the first message of each worker.
class ProcessPool::InitializerNode final : public JobNode {
public:
    InitializerNode(ProcessPool& pool, RemoteJob& job) noexcept : pool_(pool), job_(job) {}

    [[nodiscard]] bool begin() noexcept override { return true; }
    void finish(JobEnd& end) noexcept override {
        try {
            RemoteCall<void>{job_}();
            end.before_delivery();
        } catch (...) {
            fail(std::current_exception());
        }
    }
    void cancel() noexcept override {}
    void fail(std::exception_ptr error) noexcept override {
        std::string reason = "Exception in initializer";
        try {
            reason += ": " + describe(error);
        } catch (const std::bad_alloc&) {
            // Without the reason, then.
        }
        pool_.break_down(reason);
    }
    void release_job() noexcept override { delete this; }

private:
    ProcessPool& pool_;
    RemoteJob& job_;
};

ProcessPool::ProcessPool(const futures::ProcessPoolOptions& options)
    : max_workers_(static_cast<std::size_t>(options.max_workers ? *options.max_workers : sys::count_of_processors())),
      start_method_(options.start == futures::StartMethod::spawn ? ServerRequest::Kind::exec
                                                                 : ServerRequest::Kind::fork),
      initializer_(options.initializer.request()),
      initializer_shared_(options.initializer.shared()),
      initializer_function_(options.initializer.function()),
      max_tasks_(options.max_tasks_per_child.value_or(0)),
      retries_(options.strict ? 0 : options.retries),
      strict_(options.strict),
      sends_ahead_(!strict_ && max_tasks_ == 0 && !options.wall_time_limit),
      wall_time_limit_(options.wall_time_limit),
      limits_{options.cpu_time_limit.value_or(Clock::duration::zero()).count(),
              options.exit_time_limit ? std::max<std::int64_t>(options.exit_time_limit->count(), 1) : 0,
              options.memory_limit.value_or(0), options.max_message_size},
      generation_(process_generation()),
      spins_(others_can_work()) {}

bool ProcessPool::usable() const noexcept {
    return generation_ == process_generation();
}

void ProcessPool::require_open() const {
    if (broken_)
        throw futures::BrokenProcessPool("A child process terminated abruptly, the process pool is not usable anymore");
    if (shut_down_) throw RuntimeError("cannot schedule new futures after shutdown");
}

void ProcessPool::execute(std::unique_ptr<RemoteMessage> message) {
    if (!usable()) throw RuntimeError("cannot use a process pool in a forked child process");
    measure_message(*message);
    if (message->size > limits_.max_message_size) {
        message->fail(std::make_exception_ptr(std::length_error(
            "the arguments of " + std::string(message->function) + " take " + std::to_string(message->size) +
            " bytes, more than the max_message_size of " + std::to_string(limits_.max_message_size))));
        return;
    }
    prepare_message(*message);
    const LoopCore* const here = message->loop;
    if (here != nullptr && !strict_ && spins_) looker_.give(reader_of(here));
    std::unique_lock lock(mutex_);
    require_open();
    start_thread();
    if (usable_workers() == 0) start_worker();  // what it throws is the caller's
    queue_.push_back(std::move(message));
    pump(lock, InLoop::no, here);
    fail_if_nobody_works(std::move(lock));
}

/// Starts none when the fork server has just ended: once the thread has heard of that, another one starts it.
void ProcessPool::start_worker() {
    if (!server_.running()) {
        server_.start(limits_.exit_limit_ns);
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.fd = server_.socket();
        const long error = sys::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, server_.socket(), &event);
        if (error < 0) {
            server_.stop();
            throw_os_error(static_cast<int>(-error), "watch the fork server");
        }
    }
    workers_.reserve(workers_.size() + 1);
    auto initializer = initializer_message();
    std::unique_ptr<WorkerHandle> worker;
    try {
        worker = std::make_unique<WorkerHandle>(server_, start_method_, next_worker_++, wakeup_.get(), limits_);
    } catch (const ServerHasEnded&) {
        return;
    }
    if (initializer != nullptr) {
        worker->put(0, std::move(initializer));
        worker->write(0);
        worker->post(0);
    }
    workers_.push_back(std::move(worker));
}

std::unique_ptr<RemoteMessage> ProcessPool::initializer_message() {
    if (initializer_.empty()) return nullptr;
    auto message = std::make_unique<RemoteMessage>();
    message->first.request = initializer_;
    message->shared = initializer_shared_;
    message->first.node = new InitializerNode(*this, message->first);
    message->function = initializer_function_;
    message->initializer = true;
    message->begun = true;
    measure_message(*message);
    prepare_message(*message);
    return message;
}

bool ProcessPool::worn_out(const WorkerHandle& worker) const noexcept {
    return max_tasks_ > 0 && worker.sent >= max_tasks_;
}

std::size_t ProcessPool::usable_workers() const noexcept {
    return static_cast<std::size_t>(
        std::ranges::count_if(workers_, [&](const auto& worker) { return worker->usable(); }));
}

WorkerHandle* ProcessPool::least_loaded() noexcept {
    WorkerHandle* least = nullptr;
    for (const auto& worker : workers_) {
        if (!worker->usable() || worn_out(*worker)) continue;
        if (least == nullptr || worker->load() < least->load()) least = worker.get();
    }
    return least;
}

bool ProcessPool::revocable(const RemoteMessage& message, const LoopCore* here) const noexcept {
    return sends_ahead_ && here != nullptr && message.loop == here && !message.begun && !message.file &&
           message.size <= short_room;
}

/// An idle one, else a new one, else one that has a single message, or any when this one can be taken back. A long
/// message is not sent in advance: its file could not be taken back.
WorkerHandle* ProcessPool::choose_worker(const RemoteMessage& message, bool revocable, InLoop in_loop) noexcept {
    WorkerHandle* chosen = least_loaded();
    const bool idle = chosen != nullptr && chosen->load() == 0;
    if (!idle && in_loop == InLoop::no && usable_workers() < max_workers_ &&
        (!start_failed_ || usable_workers() == 0)) {
        try {
            start_worker();
            chosen = least_loaded();
        } catch (...) {
            start_error_ = std::current_exception();
        }
    }
    if (chosen == nullptr || chosen->load() == 0) return chosen;
    const std::size_t limit = revocable ? slots_of_worker : message.file ? 0 : sure_messages;
    return chosen->load() < limit ? chosen : nullptr;
}

/// What lies unbegun before a busy worker while another one is idle.
std::unique_ptr<RemoteMessage> ProcessPool::take_back_for_idle() noexcept {
    for (const auto& worker : workers_) {
        if (worker->dead || worker->load() < 2) continue;
        if (auto message = worker->take_back()) return message;
    }
    return nullptr;
}

void ProcessPool::recall(const LoopCore* loop) noexcept {
    for (const auto& worker : workers_) {
        if (worker->dead) continue;
        for (const std::size_t i : worker->newest_first()) {
            const WorkerHandle::Place& place = worker->places[i];
            if (place.revocable == nullptr || (loop != nullptr && place.message->loop != loop)) continue;
            if (auto message = worker->take_back(i)) queue_.push_front(std::move(message));
        }
    }
}

void ProcessPool::pump() noexcept {
    std::unique_lock lock(mutex_);
    pump(lock, InLoop::no, nullptr);
    fail_if_nobody_works(std::move(lock));
}

void ProcessPool::pump(std::unique_lock<std::mutex>& lock, InLoop in_loop, const LoopCore* here) noexcept {
    while (!broken_ && !terminated_) {
        std::unique_ptr<RemoteMessage> message;
        WorkerHandle* worker = nullptr;
        if (queue_.empty()) {
            worker = least_loaded();
            if (worker == nullptr || worker->load() > 0) break;
            message = take_back_for_idle();
            if (message == nullptr) break;
        } else {
            worker = choose_worker(queue_.front(), revocable(queue_.front(), here), in_loop);
            if (worker == nullptr) break;
            message = queue_.pop_front();
        }
        const bool revocable_one = revocable(*message, here);
        if (revocable_one && static_cast<const LoopJob*>(message->first.node)->revoked()) {
            if (shut_down_) wake_thread();  // it may wait for the queue to become empty
            lock.unlock();
            message.reset();
            lock.lock();
            continue;
        }
        const auto index = worker->place_for(*message, revocable_one);
        if (!index) {
            queue_.push_front(std::move(message));
            break;
        }
        const JobNode* const node = message->first.node;
        worker->put(*index, std::move(message));
        ++worker->sent;
        if (revocable_one) {
            worker->places[*index].revocable = static_cast<const LoopJob*>(node);
            worker->write(*index);
            worker->post(*index);
        } else {
            fill(lock, *worker, *index);
        }
    }
}

void ProcessPool::fail_if_nobody_works(std::unique_lock<std::mutex> lock) noexcept {
    const bool over = broken_ || terminated_;
    const bool nobody = start_error_ != nullptr && usable_workers() == 0;
    const std::exception_ptr error = std::exchange(start_error_, nullptr);
    lock.unlock();
    if (over || nobody) fail_all_queued(over ? broken_pool_error() : error);
}

/// Writes a message into its slot without the lock: beginning a job takes locks of its own.
void ProcessPool::fill(std::unique_lock<std::mutex>& lock, WorkerHandle& worker, std::size_t index) noexcept {
    RemoteMessage& message = *worker.places[index].message;
    lock.unlock();
    const bool wanted = begin_message(message);
    std::exception_ptr error;
    try {
        if (wanted) worker.write(index);
    } catch (...) {
        error = std::current_exception();
    }
    lock.lock();
    if (wanted && error == nullptr && !worker.dead) {
        worker.post(index);
        if (wall_time_limit_) wake_thread();
        return;
    }
    std::unique_ptr<RemoteMessage> back = worker.drop(index);
    --worker.sent;
    wake_thread();  // it may wait for the last place to become free
    if (worker.dead) bury_dead();
    if (wanted && error == nullptr) {
        queue_.push_front(std::move(back));
        return;
    }
    lock.unlock();
    if (error != nullptr) fail_message(*back, error);
    back.reset();
    lock.lock();
}

void ProcessPool::bury_dead() noexcept {
    std::erase_if(workers_, [](const auto& worker) { return worker->dead && !worker->filling(); });
}

void ProcessPool::free_place(WorkerHandle& worker, std::size_t index,
                             std::unique_ptr<RemoteMessage>& message) noexcept {
    const std::lock_guard lock(mutex_);
    message = take_out(worker, index);
}

std::unique_ptr<RemoteMessage> ProcessPool::take_out(WorkerHandle& worker, std::size_t index) noexcept {
    start_failed_ = false;
    auto message = worker.remove(index);
    SegmentHeader::release(worker.slot(index));
    if (worn_out(worker) && worker.usable() && worker.load() == 0) worker.leave();
    return message;
}

void ProcessPool::wake_thread() noexcept {
    if (wakeup_) sys::wake_eventfd(wakeup_.get());
}

std::vector<int> ProcessPool::pids() const {
    std::vector<int> pids;
    if (!usable()) return pids;
    const std::lock_guard lock(mutex_);
    for (const auto& worker : workers_) {
        if (worker->usable() && worker->pid > 0) pids.push_back(worker->pid);
    }
    return pids;
}

}  // namespace asyncio::detail
