#pragma once

#include <asyncio/queue/errors.hpp>
#include <asyncio/sync/wait_list.hpp>

#include <coroutine>
#include <cstddef>
#include <string>
#include <type_traits>

namespace asyncio {

/// Keyword arguments of Queue::shutdown.
struct QueueShutdownOptions {
    /// Drops the items that are still inside.
    bool immediate = false;
};
static_assert(std::is_trivially_destructible_v<QueueShutdownOptions>);

/// See Queue::statistics.
struct QueueStatistics {
    std::size_t size = 0;
    std::size_t peak_size = 0;  ///< high-water mark
    std::ptrdiff_t maxsize = 0;
    std::size_t unfinished_tasks = 0;
    WaitStatistics getters;
    WaitStatistics putters;
    WaitStatistics joiners;
};

namespace detail {

/// The part of a queue that knows no items: their number, and who waits for it to change.
class QueueCore {
public:
    QueueCore(const QueueCore&) = delete;
    QueueCore& operator=(const QueueCore&) = delete;

    [[nodiscard]] std::ptrdiff_t maxsize() const noexcept { return maxsize_; }
    [[nodiscard]] std::size_t qsize() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] bool full() const noexcept { return size_ >= limit_; }
    [[nodiscard]] QueueStatistics statistics() const noexcept;

    /// Throws std::invalid_argument "task_done() called too many times".
    void task_done();

protected:
    friend class QueueWaiter;
    friend class GetWaiter;
    friend class PutWaiter;
    friend class JoinWaiter;

    explicit QueueCore(std::ptrdiff_t maxsize) noexcept;
    ~QueueCore();

    /// Before an item is stored: throws QueueShutDown, QueueFull.
    void require_room() const {
        check_thread();
        if (shut_down_ || full()) [[unlikely]]
            throw_no_room();
    }
    /// An item was stored.
    void stored() noexcept {
        if (++size_ > peak_) peak_ = size_;
        ++unfinished_;
        getters_.choose();
    }
    /// Before an item is taken: throws QueueShutDown, QueueEmpty.
    void require_item() const {
        check_thread();
        if (empty()) [[unlikely]]
            throw_no_item();
    }
    /// An item was taken.
    void taken() noexcept {
        --size_;
        putters_.choose();
    }
    /// `dropped`: all items were destroyed.
    void shut_down(bool dropped) noexcept;
    void check_thread() const { binding_.check_thread(); }
    [[nodiscard]] std::string format(const char* type, const std::string& items) const;

private:
    [[noreturn]] void throw_no_room() const;
    [[noreturn]] void throw_no_item() const;
    [[noreturn]] void throw_other_loop() const;

    std::size_t size_ = 0;
    std::size_t limit_;
    std::size_t peak_ = 0;
    std::size_t unfinished_ = 0;
    std::ptrdiff_t maxsize_;
    bool shut_down_ = false;
    WaitList getters_;
    WaitList putters_;
    WaitList joiners_;
    LoopBinding binding_;
};

/// Waits until a queue has an item, or room. Looks again at its turn, and queues at the end when another was faster.
class QueueWaiter : public ListedWaiter, protected ReadyNode {
public:
    template <class P>
    void await_suspend(std::coroutine_handle<P> handle) {
        enter();
        suspend(handle);
    }

protected:
    QueueWaiter(QueueCore& queue, WaitList& line) noexcept : ReadyNode(&run), queue_(&queue), line_(&line) {}
    ~QueueWaiter() {
        if (abandon()) [[unlikely]]
            hand_on();
    }

    /// Whether the wait is over.
    [[nodiscard]] bool ready() const noexcept {
        return queue_->shut_down_ || (line_ == &queue_->getters_ ? !queue_->empty() : !queue_->full());
    }
    /// The end of the wait: `action` takes or stores the item, unless something else ended it.
    template <class F>
    [[gnu::always_inline]] decltype(auto) conclude(const F& action) {
        if (task_ == nullptr) return action();  // it did not have to wait
        return conclude_turn(action);
    }

    QueueCore* queue_;

private:
    /// When `action` throws, what this one was woken for is for the next.
    template <class F>
    decltype(auto) conclude_turn(const F& action) {
        if (stage_ != Stage::idle) [[unlikely]]
            fail();
        try {
            return action();
        } catch (...) {
            hand_on();
            throw;
        }
    }

    void enter();
    void fail();
    void hand_on() noexcept;
    static void run(ReadyNode& node, Turn turn);

    WaitList* line_;
};

class GetWaiter : public QueueWaiter {
public:
    explicit GetWaiter(QueueCore& queue) noexcept : QueueWaiter(queue, queue.getters_) {}
    [[nodiscard]] bool await_ready() const noexcept { return !queue_->empty() || queue_->shut_down_; }
};

class PutWaiter : public QueueWaiter {
public:
    explicit PutWaiter(QueueCore& queue) noexcept : QueueWaiter(queue, queue.putters_) {}
    [[nodiscard]] bool await_ready() const noexcept { return !queue_->full() || queue_->shut_down_; }
};

/// What Queue::join returns.
class [[nodiscard("write co_await queue.join()")]] JoinWaiter : public ListedWaiter {
public:
    explicit JoinWaiter(QueueCore& queue) noexcept : queue_(&queue) {}
    JoinWaiter(JoinWaiter&& unstarted) noexcept : JoinWaiter(*unstarted.queue_) {}
    ~JoinWaiter() { static_cast<void>(abandon()); }

    [[nodiscard]] bool await_ready() const noexcept { return queue_->unfinished_ == 0; }

    template <class P>
    void await_suspend(std::coroutine_handle<P> handle) {
        enter();
        suspend(handle);
    }

    void await_resume() {
        if (stage_ != Stage::idle) finish();
    }

    /// The queue goes; whoever was chosen before still returns.
    void orphan() noexcept { destroyed_ = stage_ == Stage::waiting; }

private:
    void enter();
    void finish();

    QueueCore* queue_;
    bool destroyed_ = false;
};

}  // namespace detail
}  // namespace asyncio
