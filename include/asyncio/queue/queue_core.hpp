#pragma once

#include <asyncio/base/light_traits.hpp>
#include <asyncio/queue/errors.hpp>
#include <asyncio/sync/wait_list.hpp>

#include <coroutine>
#include <cstddef>
#include <string>

namespace asyncio {

/// Keyword arguments of Queue::shutdown.
struct QueueShutdownOptions {
    /// Drops the items that are still inside.
    bool immediate = false;
};
static_assert(detail::trivially_destructible<QueueShutdownOptions>);

/// See Queue::statistics.
struct QueueStatistics {
    std::size_t size = 0;              ///< items now
    std::size_t peak_size = 0;         ///< high-water mark
    std::ptrdiff_t maxsize = 0;        ///< not positive: without limit
    std::size_t unfinished_tasks = 0;  ///< items put that have no `task_done()` yet
    WaitStatistics getters;            ///< who wait in `get` or `next`
    WaitStatistics putters;            ///< who wait in `put` or `emplace`
    WaitStatistics joiners;            ///< who wait in `join`
};

namespace detail {

/// What a waiter wants of a queue: an item, or room for one.
enum class QueueSide : bool { get, put };

template <QueueSide side>
class QueueWaiter;

/// The part of a queue that knows no items: their number, and who waits for it to change.
class QueueCore {
public:
    QueueCore(const QueueCore&) = delete;
    QueueCore& operator=(const QueueCore&) = delete;

    [[nodiscard]] std::ptrdiff_t maxsize() const noexcept { return maxsize_; }
    [[nodiscard]] std::size_t qsize() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] bool full() const noexcept { return maxsize_ > 0 && size_ >= static_cast<std::size_t>(maxsize_); }
    [[nodiscard]] QueueStatistics statistics() const noexcept;

    /// Throws std::invalid_argument "task_done() called too many times".
    void task_done();

protected:
    template <QueueSide>
    friend class QueueWaiter;
    friend class JoinWaiter;

    explicit QueueCore(std::ptrdiff_t maxsize) noexcept;
    ~QueueCore();

    /// Before an item is stored: throws QueueShutDown, QueueFull.
    void require_room() const {
        if (!offers(QueueSide::put)) [[unlikely]]
            throw_no_room();
    }
    /// An item was stored.
    inline void stored() noexcept;
    /// Before an item is taken: throws QueueShutDown, QueueEmpty.
    void require_item() const {
        if (empty()) [[unlikely]]
            throw_no_item();
    }
    /// An item was taken.
    inline void taken() noexcept;
    /// `dropped`: all items were destroyed.
    void shut_down(bool dropped) noexcept;
    void check_thread() const { binding_.check_thread(); }
    [[nodiscard]] std::string format(const char* type, const std::string& items) const;

private:
    [[nodiscard]] WaitList& line(QueueSide side) noexcept { return side == QueueSide::get ? getters_ : putters_; }
    /// Whether there is an item, or room.
    [[nodiscard]] bool offers(QueueSide side) const noexcept {
        return side == QueueSide::get ? !empty() : size_ < limit_;
    }

    [[noreturn]] void throw_no_room() const;
    [[noreturn]] void throw_no_item() const;
    [[noreturn]] void throw_other_loop() const;

    std::size_t size_ = 0;
    std::size_t limit_;  // 0 when it is shut down
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
template <QueueSide side>
class QueueWaiter : public ListedWaiter, protected ReadyNode {
public:
    [[nodiscard]] bool await_ready() const noexcept { return queue_->offers(side) || queue_->shut_down_; }

    template <class P>
    void await_suspend(std::coroutine_handle<P> handle) {
        enter();
        suspend(handle);
    }

    [[nodiscard]] ReadyNode& turn() noexcept { return *this; }

protected:
    explicit QueueWaiter(QueueCore& queue) noexcept : queue_(&queue) {}
    ~QueueWaiter() {
        if (abandon()) [[unlikely]]
            hand_on();
    }

    /// The end of the wait: `action` takes or stores the item, unless something else ended it. When it throws, what
    /// this one was woken for is for the next.
    template <class F>
    [[gnu::always_inline]] decltype(auto) conclude(const F& action) {
        if (task_ == nullptr) {  // it did not have to wait
            queue_->check_thread();
        } else if (stage_ != Stage::idle) [[unlikely]] {
            fail();
        }
        try {
            return action();
        } catch (...) {
            if (task_ != nullptr) hand_on();
            throw;
        }
    }

    QueueCore* queue_;

private:
    [[gnu::always_inline]] void enter() {
        begin();
        if (!queue_->binding_.accepts(*task_)) [[unlikely]]
            queue_->throw_other_loop();
        ReadyNode::run = &QueueWaiter::run;
        queue_->line(side).enter(*this, *this);
    }
    [[noreturn]] void fail();
    void hand_on() noexcept;
    static void run(ReadyNode& node, Turn turn);
};

using GetWaiter = QueueWaiter<QueueSide::get>;
using PutWaiter = QueueWaiter<QueueSide::put>;
extern template class QueueWaiter<QueueSide::get>;
extern template class QueueWaiter<QueueSide::put>;

inline void QueueCore::stored() noexcept {
    if (++size_ > peak_) peak_ = size_;
    ++unfinished_;
    if (getters_.waiting()) getters_.choose_waiting<GetWaiter>(binding_.loop());
}

inline void QueueCore::taken() noexcept {
    --size_;
    if (putters_.waiting()) putters_.choose_waiting<PutWaiter>(binding_.loop());
}

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
