#include <asyncio/loop/loop_core.hpp>

#include "watchers.hpp"

#include <asyncio/base/exceptions.hpp>
#include <asyncio/base/fork.hpp>
#include <asyncio/base/log.hpp>
#include <asyncio/loop/event_loop.hpp>

#include <algorithm>
#include <cstdlib>
#include <new>
#include <string>
#include <thread>
#include <utility>

namespace asyncio::detail {

constinit thread_local LoopCore* running_loop = nullptr;

namespace {

/// An always busy loop asks for I/O and reads the clock in every 64th iteration: a poll is a system call, an empty
/// iteration a few nanoseconds.
constexpr std::uint32_t busy_poll_interval = 64;
/// And earlier when its iterations take long. The clock is looked at in every eighth iteration; in each when they take
/// as long as that, and only in every 16th when they are so quick that until then hardly anything can be due.
constexpr std::chrono::microseconds longest_without_poll{1000};
constexpr std::uint32_t busy_clock_interval = 8;
constexpr std::uint32_t quick_clock_interval = 16;
/// Then other threads' calls are taken in this often.
constexpr std::uint32_t quick_inbox_interval = 8;

constexpr std::size_t page_size = 4096;

/// In a forked child, a running loop is told: it is not the running loop any more, stops, and lets go of its
/// descriptors. Others find out when they are used. No loop of the parent is listed any more.
void let_go_in_child() {
    empty_places();
    if (LoopCore* loop = std::exchange(running_loop, nullptr)) loop->inherit();
}
constexpr ForkHook fork_hook{nullptr, nullptr, &let_go_in_child};

}  // namespace

LoopCore::LoopCore(std::unique_ptr<Driver> driver)
    : poll_interval_(driver->polls_every_iteration() ? 1 : busy_poll_interval),
      look_interval_(std::min(poll_interval_, busy_clock_interval)),
      process_(process_generation()),
      driver_(driver.release()),
      watchers_(make_owner<Watchers>(*this)) {
    at_fork(ForkOrder::loop, fork_hook);
    now_ = driver_->now();
    random = Random(driver_->random_seed());
    place_ = &take_place(*this);
    set_debug(debug_by_environment());
}

LoopCore::~LoopCore() {
    LoopCore* self = this;
    place_->loop.compare_exchange_strong(self, nullptr, memory_acq_rel);  // in a forked child it may be another's
    close();
    set_debug(false);
}

void LoopCore::set_debug(bool enabled) noexcept {
    if (std::exchange(debug, enabled) != enabled) count_debugging_loop(enabled ? 1 : -1);
    look_for_hindrances();
}

bool debug_by_environment() noexcept {
    const char* value = std::getenv("ASYNCIO_DEBUG");
    return value != nullptr && *value != '\0' && std::string_view(value) != "0";
}

/// Marks the loop as running in this thread, and undoes it on every way out.
class LoopCore::Running {
public:
    explicit Running(LoopCore& loop) : loop_(loop) {
        loop.check_open();
        if (loop.inherited()) throw RuntimeError("This event loop belongs to the parent process");
        if (loop.running_) throw RuntimeError("This event loop is already running");
        if (running_loop != nullptr) throw RuntimeError("Cannot run the event loop while another loop is running");
        loop.running_ = true;
        loop.look_for_hindrances();
        loop.thread_id = thread_number();
        running_loop = &loop;
    }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    ~Running() {
        if (loop_.executors != nullptr) loop_.executors->stop_fetching();
        loop_.stopping_ = false;
        loop_.running_ = false;
        loop_.look_for_hindrances();
        loop_.thread_id = 0;
        running_loop = nullptr;
    }

private:
    LoopCore& loop_;
};

[[gnu::always_inline]] inline void LoopCore::run_once() {
    // A poll is always due in the first iteration, before which stop() may have been called.
    if (ready_.empty() || poll_is_due()) {
        poll();
    } else if (inbox_is_due()) {
        take_posted();
    }
    if (!timers_.empty()) collect_due_timers();

    // Exactly what is ready now; what it adds runs in the next iteration. An interrupt leaves the rest for the next
    // run.
    batch_ = ready_.take_batch();
    struct KeepRest {
        LoopCore& loop;
        ~KeepRest() { loop.ready_.prepend(loop.batch_.take()); }
    } const keep_rest{*this};
    while (!batch_.empty()) {
        ReadyNode& node = batch_.pop();
        node.run(node, Turn::run);
    }
}

void LoopCore::take_posted_before() noexcept {
    take_posted();
}

void LoopCore::run_forever() {
    const LoopPtr keep(this);
    const Running running(*this);
    iterations_since_poll_ = poll_interval_;
    iterations_until_look_ = 1;
    do {
        run_once();
    } while (!stopping_);
    if (inherited()) throw RuntimeError("This event loop belongs to the parent process");
}

bool LoopCore::inherited() const noexcept {
    return process_ != process_generation();
}

void LoopCore::inherit() noexcept {
    stopping_ = true;
    // Nothing of the present iteration runs in the child any more.
    ready_.prepend(batch_.take());
    ready_.prepend(completed_.take());
    inbox_.forget_sleep();
    driver_->forked();
}

/// While iterations are quick, not in each: a look takes the inbox's cache line away from those who post, and costs
/// them more than it gains. (What the loop's own thread posts with call_soon_threadsafe does not come this way.)
inline bool LoopCore::inbox_is_due() const noexcept {
    return look_interval_ <= busy_clock_interval || iterations_until_look_ % quick_inbox_interval == 0;
}

bool LoopCore::look_whether_poll_is_due() noexcept {
    iterations_since_poll_ += look_interval_;
    if (iterations_since_poll_ + look_interval_ > poll_interval_) return true;  // the next look would be too late
    const Clock::time_point now = driver_->now();
    const bool due = now - last_due_ >= longest_without_poll;
    const bool quick = now - std::exchange(last_look_, now) < longest_without_poll / 8;
    if (due) last_due_ = now;
    if (quick) {
        look_interval_ = std::clamp(2 * look_interval_, busy_clock_interval, quick_clock_interval);
    } else {
        look_interval_ = due && iterations_since_poll_ <= busy_clock_interval ? 1 : busy_clock_interval;
    }
    // The interval may just have grown.
    iterations_until_look_ = std::min(look_interval_, poll_interval_ - iterations_since_poll_);
    return due;
}

/// Completes the driver's events one by one, and runs what each leads to at once: the same order as if all were
/// completed first, but each task finds its operation in the cache.
[[gnu::hot]] void LoopCore::run_events(ReadyNode& node, Turn turn) {
    auto& events = static_cast<Events&>(node);
    events.queued = false;
    if (turn == Turn::drop) return;
    LoopCore& loop = events.loop;
    struct KeepRest {  // an interrupt leaves the rest for the next run
        LoopCore& loop;
        ~KeepRest() {
            ReadyQueue rest;
            rest.prepend(loop.completed_.take());
            if (loop.driver_->events_left()) {
                rest.push(loop.events_);
                loop.events_.queued = true;
            }
            loop.batch_.prepend(rest);
        }
    } const keep_rest{loop};
    bool more = true;
    while (more) {
        // Mostly nothing is ready for the next iteration; then the queue stays untouched (see ReadyBatch for why).
        ReadyQueue next_iteration;
        const bool others_are_ready = !loop.ready_.empty();
        if (others_are_ready) next_iteration = loop.ready_.take();
        more = loop.driver_->dispatch_one(*loop.watchers_);
        loop.completed_ = loop.ready_.take_batch();
        if (others_are_ready) loop.ready_ = next_iteration;
        while (!loop.completed_.empty()) {
            ReadyNode& completed = loop.completed_.pop();
            completed.run(completed, Turn::run);
        }
    }
}

void LoopCore::poll() {
    iterations_since_poll_ = 0;
    iterations_until_look_ = look_interval_;
    take_posted();
    wait_for_events();
    if (!timers_.empty()) now_ = driver_->now();
    take_posted();  // before the I/O: other threads' calls were queued while this one waited
    driver_->dispatch(*watchers_);
    if (driver_->events_left() && !std::exchange(events_.queued, true)) ready_.push(events_);
    if (!idle_waiters.empty() && ready_.empty() && (timers_.empty() || timers_.next_deadline() > now_))
        ready_ = idle_waiters.take();
}

void LoopCore::collect_due_timers() {
    while (!timers_.empty() && timers_.next_deadline() <= now_) ready_.push(timers_.pop());
}

void LoopCore::close() noexcept {
    if (closed_) return;
    if (debug) log(LogLevel::debug, "Close event loop");
    closed_ = true;
    look_for_hindrances();
    time();  // the last value that the clock will have
    if (inherited()) inherit();
    // Of an iteration that never ended: std::exit() was called in it.
    ready_.prepend(batch_.take());
    ready_.prepend(completed_.take());
    if (executors != nullptr) executors->close();  // before the inbox: what was posted is dropped with the queue
    inbox_.close(ready_);
    while (inbox_.being_woken()) std::this_thread::yield();  // they use the driver
    ready_.prepend(idle_waiters.take());
    watchers_->clear();
    while (!timers_.empty()) ready_.push(timers_.pop());
    drop_ready();
    while (ListHook* task = tasks.back()) abandon_task(*task);
    while (generators.pop_front() != nullptr) {
    }
    read_buffer_.reset();
    driver_.reset();
}

void LoopCore::drop_ready() noexcept {
    while (!ready_.empty()) {
        ReadyNode& node = ready_.pop();
        node.run(node, Turn::drop);
    }
}

void LoopCore::drop_ready_if(bool (*chosen)(const ReadyNode&)) noexcept {
    take_posted();
    ReadyQueue queued = ready_.take();
    ReadyQueue kept;
    while (!queued.empty()) {
        ReadyNode& node = queued.pop();
        if (chosen(node)) {
            node.run(node, Turn::drop);
        } else {
            kept.push(node);
        }
    }
    ready_.prepend(kept);
}

bool LoopCore::post(ReadyNode& node) noexcept {
    return inbox_.push(node, [this] {
        if (!inherited()) driver_->wake();
    });
}

void LoopCore::throw_closed() {
    throw RuntimeError("Event loop is closed");
}

void LoopCore::check_use_in_full() {
    check_open();
    check_thread();
    keep_order();
}

void LoopCore::check_thread_in_debug() const {
    if (!running_ || in_own_thread()) return;
    throw RuntimeError(
        "Non-thread-safe operation invoked on an event loop other than the current one: the loop runs in thread " +
        std::to_string(thread_id) + ", the call came from thread " + std::to_string(thread_number()));
}

bool LoopCore::refuse_thread_in_debug(const char* operation) const noexcept {
    try {
        check_thread_in_debug();
        return false;
    } catch (const std::exception& error) {
        try {
            log(LogLevel::error, std::string(operation) + " refused: " + error.what());
        } catch (...) {
            // Out of memory: refused without a word.
        }
        return true;
    }
}

void LoopCore::allocate_read_buffer() {
    auto* buffer = static_cast<std::byte*>(std::aligned_alloc(page_size, read_buffer_size));
    if (buffer == nullptr) throw std::bad_alloc();
    read_buffer_.reset(buffer);
}

void LoopCore::FreeBuffer::operator()(std::byte* buffer) const noexcept {
    std::free(buffer);
}

LoopCore& require_running_loop() {
    if (running_loop == nullptr) throw RuntimeError("no running event loop");
    return *running_loop;
}

}  // namespace asyncio::detail
