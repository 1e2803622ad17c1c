#pragma once

#include <asyncio/base/intrusive_list.hpp>
#include <asyncio/base/ready_queue.hpp>
#include <asyncio/task/waiter.hpp>

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace asyncio {

/// What every primitive's `statistics()` says about those who wait for it.
struct WaitStatistics {
    std::size_t waiters = 0;  ///< now, with those who were chosen and have not run yet
    std::size_t peak = 0;     ///< most waiters at a time so far
    std::uint64_t waits = 0;  ///< awaits that had to suspend so far; those that did not cost no counter
};

namespace detail {

class WaitList;

/// A task's place in the line before a primitive. Lives in the awaiting frame.
///
///                ┌──choose()──► chosen ────┐
///     idle ─► waiting                      ├─ its turn: WaitList::remove() ─► idle
///                └──cancel()──► cancelled ─┘
///
/// It stays in the list until its turn, as asyncio's futures stay in their deques: a primitive sees in that one
/// iteration that somebody is about to come (chosen) or to leave (cancelled). When the list goes first, `list_` is
/// null. While idle it is in no list, and only `stage_` means something: an await that does not wait sets no more.
class ListedWaiter : public Waiter, public BareListHook {
public:
    enum class Stage : std::uint8_t { idle, waiting, chosen, cancelled };

    bool cancel(std::string_view message) noexcept override;

protected:
    ListedWaiter() noexcept {}
    ~ListedWaiter() = default;

    /// Ends the wait, at the turn. False when the primitive is gone, and nothing of it may be touched.
    [[nodiscard]] bool leave() noexcept;
    /// Ends the wait where the frame is destroyed instead; true when it had been chosen and the primitive is still
    /// there: then the choice has to be handed on.
    [[nodiscard]] bool abandon() noexcept { return stage_ != Stage::idle && abandon_wait(); }
    /// Throws when this object is being awaited already.
    void begin() {
        if (task_ != nullptr) [[unlikely]]
            throw_awaited_again();
        task_ = &require_current_task();
    }
    /// Leaves the cancelled place in the list and its effect on the task to the caller. False when it is too late.
    [[nodiscard]] bool mark_cancelled() noexcept;

    WaitList* list_;
    Stage stage_ = Stage::idle;

private:
    friend class WaitList;
    [[nodiscard]] bool abandon_wait() noexcept;
    [[noreturn]] void throw_awaited_again() const;

    ReadyNode* node_;  // what gets the turn: the task, or the waiter itself if it has to look again
};

/// Those who wait for one condition of one primitive, in the order of their coming. All of it is O(1).
///
/// Those chosen or cancelled stay until their turn; `next_` is the first one that still waits.
class WaitList {
public:
    WaitList() noexcept = default;
    WaitList(const WaitList&) = delete;
    WaitList& operator=(const WaitList&) = delete;
    /// Wakes everybody, to find out that the list is gone.
    ~WaitList();

    /// True when nobody is entered, not even one who is about to leave.
    [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
    /// True when somebody waits or is about to come.
    [[nodiscard]] bool live() const noexcept { return live_ != 0; }
    /// True when somebody waits who has not been chosen.
    [[nodiscard]] bool waiting() const noexcept { return next_ != nullptr; }
    /// Whom `choose()` would wake, or nullptr.
    [[nodiscard]] ListedWaiter* first_waiting() const noexcept { return next_; }
    [[nodiscard]] std::size_t count_entries() const noexcept;
    /// Those who wait and have not been chosen.
    [[nodiscard]] std::size_t count_waiting() const noexcept;
    [[nodiscard]] WaitStatistics statistics() const noexcept { return {live_, peak_, waits_}; }

    /// `turn` is what runs when the waiter is chosen: its task, or its own node.
    void enter(ListedWaiter& waiter, ReadyNode& turn) noexcept {
        waiter.node_ = &turn;
        waiter.list_ = this;
        waiter.stage_ = ListedWaiter::Stage::waiting;
        entries_.push_back(waiter);
        if (next_ == nullptr) next_ = &waiter;
        ++waits_;
        if (++live_ > peak_) peak_ = live_;
    }
    /// The same for one whose turn has come and who has to wait on: it is the same wait.
    void enter_again(ListedWaiter& waiter, ReadyNode& turn) noexcept {
        enter(waiter, turn);
        --waits_;
    }
    /// The waiter's turn has come.
    void remove(ListedWaiter& waiter) noexcept {
        if (next_ == &waiter) skip();
        if (waiter.stage_ != ListedWaiter::Stage::cancelled) --live_;
        entries_.remove(waiter);
        waiter.stage_ = ListedWaiter::Stage::idle;
    }
    /// The same for one that was chosen.
    void remove_chosen(ListedWaiter& waiter) noexcept {
        --live_;
        entries_.remove(waiter);
        waiter.stage_ = ListedWaiter::Stage::idle;
    }

    /// Wakes the first that still waits; false when there is none.
    bool choose() noexcept {
        if (next_ == nullptr) return false;
        ListedWaiter& waiter = mark_next_chosen();
        wake(waiter.task_->loop(), *waiter.node_);
        return true;
    }
    /// The same where somebody waits, on that loop, and all waiters are of that class, with a node of their own. Two
    /// tasks that wake each other wait mostly for what is read through one another's waiters: this is less of it.
    template <class Waiter>
    void choose_waiting(LoopCore& loop) noexcept {
        wake(loop, static_cast<Waiter&>(mark_next_chosen()).turn());
    }
    void choose_all() noexcept {
        while (choose()) {
        }
    }
    /// Wakes the one at the head, unless it is about to come or to leave already: then it sees to the next at its turn.
    void choose_head() noexcept {
        if (next_ != nullptr && entries_.front() == next_) choose();
    }

    /// For the destructor of a primitive whose waiters are given to another list: the first entry, in whatever stage.
    [[nodiscard]] ListedWaiter* front() const noexcept { return entries_.front(); }
    [[nodiscard]] ListedWaiter* next(const ListedWaiter& waiter) const noexcept { return entries_.next(waiter); }
    /// Moves one of `other` to the end of this list. One whose turn is to come anyway counts as about to leave.
    void adopt(WaitList& other, ListedWaiter& waiter) noexcept;

private:
    friend class ListedWaiter;
    void cancelled(ListedWaiter& waiter) noexcept {
        if (next_ == &waiter) skip();
        waiter.stage_ = ListedWaiter::Stage::cancelled;
        --live_;
    }
    /// Never goes back, so that each entry is passed once.
    void skip() noexcept {
        do {
            next_ = entries_.next(*next_);
        } while (next_ != nullptr && next_->stage_ != ListedWaiter::Stage::waiting);
    }
    ListedWaiter& mark_next_chosen() noexcept {
        ListedWaiter& waiter = *next_;
        skip();
        waiter.stage_ = ListedWaiter::Stage::chosen;
        return waiter;
    }
    static void wake(LoopCore& loop, ReadyNode& turn) noexcept {
        ++loop.wakeups;
        loop.keep_order();
        loop.make_ready(turn);
    }

    IntrusiveList<ListedWaiter> entries_;
    ListedWaiter* next_ = nullptr;
    std::uint32_t live_ = 0;
    std::uint32_t peak_ = 0;
    std::uint64_t waits_ = 0;
};

/// Ties a primitive to the loop of the first task that suspends on it, as asyncio does.
class LoopBinding {
public:
    /// True when the task's loop is, or now becomes, the primitive's.
    [[nodiscard]] bool accepts(TaskCore& task) noexcept { return loop_.get() == &task.loop() || bind(task.loop()); }
    /// Precondition: a task has waited.
    [[nodiscard]] LoopCore& loop() const noexcept { return *loop_; }
    /// In debug mode, throws RuntimeError when another thread runs the loop.
    void check_thread() const {
        if (loop_) loop_->check_thread();
    }

private:
    [[nodiscard]] bool bind(LoopCore& loop) noexcept;

    LoopPtr loop_;
};

[[noreturn]] void throw_other_loop(const std::string& primitive);
[[noreturn]] void throw_destroyed(const char* primitive);
/// `Lock at 0x55…`
[[nodiscard]] std::string name_at(const char* type, const void* address);
/// `<Lock at 0x55… [locked, waiters:2]>`
[[nodiscard]] std::string repr_of(const char* type, const void* address, std::string extra, const WaitList& waiters);

/// The task that runs in this thread, or nullptr.
[[nodiscard]] inline TaskCore* running_task() noexcept {
    return running_loop == nullptr ? nullptr : running_loop->current_task;
}

}  // namespace detail
}  // namespace asyncio
