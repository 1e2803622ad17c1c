#pragma once

#include <asyncio/base/inbox.hpp>
#include <asyncio/base/intrusive_list.hpp>
#include <asyncio/base/intrusive_ptr.hpp>
#include <asyncio/base/owner.hpp>
#include <asyncio/base/random.hpp>
#include <asyncio/base/ready_queue.hpp>
#include <asyncio/base/standard/functional.hpp>
#include <asyncio/base/standard/memory.hpp>
#include <asyncio/base/timer_heap.hpp>
#include <asyncio/loop/debug_layout.hpp>
#include <asyncio/loop/driver.hpp>
#include <asyncio/loop/exception_context.hpp>
#include <asyncio/loop/executor_hook.hpp>
#include <asyncio/loop/handle.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace asyncio {

class EventLoop;
class NewTask;
struct TaskOptions;

namespace detail {

class TaskCore;
class LoopCore;
class Watchers;

/// The loop that runs in this thread, if any.
extern constinit thread_local LoopCore* running_loop;

/// What a loop is made of, without its public face. Outlives the EventLoop for as long as a future refers to it, so
/// that futures stay usable after the loop is gone. Everything here belongs to the loop's thread except `post`.
class LoopCore {
public:
    explicit LoopCore(std::unique_ptr<Driver> driver);
    ~LoopCore();
    LoopCore(const LoopCore&) = delete;
    LoopCore& operator=(const LoopCore&) = delete;

    void retain() noexcept { ++references_; }
    void release() noexcept {
        if (--references_ == 0) delete this;
    }

    // --- the hot verbs ---

    /// Runs `node` in the next iteration, or drops it when the loop closes first (see Turn).
    void make_ready(ReadyNode& node) noexcept { ready_.push(node); }

    /// The task whose step is being run.
    TaskCore* current_task = nullptr;
    /// How often a task was made ready; see asyncio::testing.
    std::uint64_t wakeups = 0;
    /// See DoneCallbackId.
    std::uint64_t last_callback_id = 0;
    bool debug = false;  // changed by set_debug
    void set_debug(bool enabled) noexcept;

    // --- timers ---

    void schedule(TimerNode& timer, Clock::time_point when) { timers_.schedule(timer, when); }
    void cancel(TimerNode& timer) noexcept { timers_.cancel(timer); }
    /// Stands still on a closed loop.
    Clock::time_point time() noexcept {
        if (driver_ != nullptr) [[likely]]
            now_ = driver_->now();
        return now_;
    }

    // --- from other threads ---

    /// Queues a node of another thread, or of a signal handler, and wakes the loop. False when the loop is closed (the
    /// node was not taken).
    bool post(ReadyNode& node) noexcept;
    [[nodiscard]] bool in_own_thread() const noexcept { return running_loop == this; }
    /// Queues what other threads have posted until now.
    void take_posted() noexcept {
        if (!inbox_.empty()) inbox_.drain_into(ready_);
    }
    /// Before something becomes ready: a loop that does not run yet keeps the order with what was posted.
    void keep_order() noexcept {
        if (!running_ && !closed_) [[unlikely]]
            take_posted_before();
    }

    // --- life cycle ---

    void run_forever();
    void stop() noexcept { stopping_ = true; }
    void close() noexcept;
    /// Drops what is queued. While the loop closes, a destructor may still wake a task; the queue must not hold it when
    /// it is freed.
    void drop_ready() noexcept;
    /// Drops what other threads have posted, or is queued, as far as `chosen` says so.
    void drop_ready_if(bool (*chosen)(const ReadyNode&)) noexcept;
    [[nodiscard]] bool running() const noexcept { return running_; }
    [[nodiscard]] bool closed() const noexcept { return closed_; }
    /// True in a forked child of the process that made the loop: there it cannot run.
    [[nodiscard]] bool inherited() const noexcept;
    /// Called in a forked child: the loop stops, and lets go of what it shares with the parent's.
    void inherit() noexcept;

    /// Throws RuntimeError "Event loop is closed" when it is.
    void check_open() const {
        if (closed_) [[unlikely]]
            throw_closed();
    }
    /// In debug mode, throws RuntimeError when another thread runs this loop.
    void check_thread() const {
        if (debug) [[unlikely]]
            check_thread_in_debug();
    }
    /// Before something is queued: check_open(), check_thread() and keep_order(), at one look.
    void check_use() {
        if (!unhindered_) [[unlikely]]
            check_use_in_full();
    }
    /// For what cannot throw: true, and logged, when check_thread() would.
    [[nodiscard]] bool refuse_thread(const char* operation) const noexcept {
        return debug && refuse_thread_in_debug(operation);
    }

    // --- parts ---

    [[nodiscard]] Driver& driver() noexcept { return *driver_; }
    [[nodiscard]] Watchers& watchers() noexcept { return *watchers_; }
    /// The page-aligned buffer for reads, shared by all streams of the loop: its content is the reader's only until it
    /// suspends. Allocated at first use; throws std::bad_alloc.
    [[nodiscard]] std::byte* read_buffer() {
        if (read_buffer_ == nullptr) [[unlikely]]
            allocate_read_buffer();
        return read_buffer_.get();
    }
    static constexpr std::size_t read_buffer_size = 256 * 1024;

    EventLoop* facade = nullptr;
    /// The number that the system gives the thread that runs the loop; 0 while none does.
    std::int32_t thread_id = 0;
    /// Tasks that are not done, in the order of their creation; the loop keeps them alive.
    IntrusiveList<ListHook> tasks;
    /// Async generators that have started and not ended; see EventLoop::shutdown_asyncgens.
    IntrusiveList<ListHook> generators;
    bool generators_shut_down = false;
    /// Set by the task floor: ends a task of `tasks` whose loop closes.
    void (*abandon_task)(ListHook&) noexcept = nullptr;
    /// Set by the task floor: names the tasks that are blocked, one per line, for the message of a loop that is stuck.
    std::string (*describe_tasks)(LoopCore&) = nullptr;
    /// Set by the sync floor: rings of tasks that wait for each other, a text for each.
    std::vector<std::string> (*describe_deadlocks)(LoopCore&) = nullptr;
    /// Made by the executor floor at its first use.
    Owner<ExecutorHook> executors;
    /// Nodes to run when the loop would block because nothing is ready.
    ReadyQueue idle_waiters;
    /// The only source of random numbers for all that runs in the loop; the driver gives the seed.
    Random random{0};
    Clock::duration slow_callback_duration = std::chrono::milliseconds(100);
    std::function<void(EventLoop&, const ExceptionContext&)> exception_handler;
    /// Makes the tasks; none: TaskCore does. Shared, because it may be replaced while it runs.
    std::shared_ptr<const std::function<void(EventLoop&, NewTask&, TaskOptions)>> task_factory;

    /// Gives `context` to the exception handler. Throws only KeyboardInterrupt and SystemExit, when the handler does.
    void call_exception_handler(const ExceptionContext& context);
    /// The same where nothing may be thrown; straight to the log when the loop is closed.
    void report(const ExceptionContext& context) noexcept;
    /// The default handler's text.
    [[nodiscard]] static std::string format(const ExceptionContext& context);

private:
    class Running;

    [[noreturn]] static void throw_closed();
    void check_use_in_full();
    void take_posted_before() noexcept;  // a function of its own, because keep_order() is in many
    void look_for_hindrances() noexcept { unhindered_ = running_ && !closed_ && !debug; }
    void allocate_read_buffer();
    void check_thread_in_debug() const;
    [[nodiscard]] bool refuse_thread_in_debug(const char* operation) const noexcept;
    inline void run_once();  // in loop_core.cpp
    /// In a loop that is busy.
    [[nodiscard]] bool poll_is_due() noexcept { return --iterations_until_look_ == 0 && look_whether_poll_is_due(); }
    [[nodiscard]] bool look_whether_poll_is_due() noexcept;
    [[nodiscard]] bool inbox_is_due() const noexcept;
    void poll();
    void wait_for_events();
    void look_out() noexcept;
    static void run_events(ReadyNode& node, Turn turn);
    void collect_due_timers();
    [[nodiscard]] Clock::time_point wait_deadline() noexcept;
    void before_endless_wait();
    void report_deadlocks() noexcept;

    ReadyQueue ready_;
    ReadyBatch batch_;      // the rest of the present iteration
    ReadyBatch completed_;  // what the present event has led to, before that
    /// Stands in the ready queue for the events that the driver still holds.
    struct Events : ReadyNode {
        explicit Events(LoopCore& owner) noexcept : ReadyNode(&run_events), loop(owner) {}
        LoopCore& loop;
        bool queued = false;
    } events_{*this};
    TimerHeap timers_;
    Clock::time_point now_{};
    std::uint32_t references_ = 0;
    std::uint32_t poll_interval_;
    std::uint32_t look_interval_;
    std::uint32_t iterations_until_look_ = 1;  // of a busy loop
    std::uint32_t iterations_since_poll_ = 0;  // as of the last look
    Clock::time_point last_due_{};             // when the clock last said that a poll is due
    Clock::time_point last_look_{};
    std::uint32_t look_out_pause_ = 0;           // in sleeps
    std::uint32_t sleeps_without_look_out_ = 0;  // that are still to come
    bool unhindered_ = false;                    // runs, and is neither closed nor in debug mode
    bool running_ = false;
    bool stopping_ = false;
    bool closed_ = false;
    std::vector<std::string> reported_deadlocks_;  // what was there at the last look
    Inbox inbox_;
    std::uint32_t process_;
    LoopPlace* place_ = nullptr;
    Owner<Driver> driver_;
    Owner<Watchers> watchers_;
    struct FreeBuffer {
        void operator()(std::byte* buffer) const noexcept;
    };
    Owner<std::byte, FreeBuffer> read_buffer_;
};

using LoopPtr = IntrusivePtr<LoopCore>;

/// Whether ASYNCIO_DEBUG is set, to anything but "" and "0".
[[nodiscard]] bool debug_by_environment() noexcept;

/// The loop that runs in this thread; throws RuntimeError "no running event loop".
LoopCore& require_running_loop();

}  // namespace detail
}  // namespace asyncio
