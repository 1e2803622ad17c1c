#pragma once

#include <asyncio/base/atomic.hpp>
#include <asyncio/base/blocking_condition.hpp>
#include <asyncio/base/clock.hpp>
#include <asyncio/base/intrusive_list.hpp>
#include <asyncio/base/intrusive_ptr.hpp>
#include <asyncio/base/standard/mutex.hpp>
#include <asyncio/executor/errors.hpp>
#include <asyncio/executor/job.hpp>
#include <asyncio/task/slot.hpp>

#include <cstdint>
#include <exception>
#include <string>
#include <utility>

namespace asyncio::detail {

class ConcurrentCore;
class LoopCore;

/// The end of what begins now; `max()`: never.
[[nodiscard]] Clock::time_point deadline_of(const TimeLimit& timeout) noexcept;

/// Somebody to be told once that a concurrent future is done: in the thread that completes it, or at once.
struct ConcurrentDone : ListHook {
    virtual void fire(ConcurrentCore& future) noexcept = 0;
    /// The future is gone and will never be done. Who holds a reference to it need not expect this.
    virtual void drop() noexcept {}

protected:
    ~ConcurrentDone() = default;
};

/// The untyped part of a concurrent future's shared state. Everything may be called from every thread.
///
///     pending ──set_running_or_notify_cancel──► running ──set_result, set_exception──► finished
///        ├──────────set_result, set_exception──────────────────────────────────────────────┘
///        └──cancel──► cancelled ──set_running_or_notify_cancel──► cancelled_and_notified
class ConcurrentCore {
public:
    enum class State : std::uint8_t { pending, running, cancelled, cancelled_and_notified, finished };

    ConcurrentCore(const ConcurrentCore&) = delete;
    ConcurrentCore& operator=(const ConcurrentCore&) = delete;

    void retain() noexcept { references_.fetch_add(1, memory_relaxed); }
    void release() noexcept {
        if (references_.fetch_sub(1, memory_acq_rel) == 1) delete this;
    }
    [[nodiscard]] bool shared() const noexcept { return references_.load(memory_acquire) > 1; }

    [[nodiscard]] State state() const noexcept { return state_.load(memory_acquire); }
    [[nodiscard]] bool done() const noexcept { return state() >= State::cancelled; }
    [[nodiscard]] bool cancelled() const noexcept { return done() && state() != State::finished; }
    [[nodiscard]] std::string repr() const;

    /// True when it is cancelled now; false when it runs or is finished.
    bool cancel() noexcept;
    /// Throws futures::InvalidStateError when running or finished.
    bool set_running_or_notify_cancel();
    /// Runs `store`, which fills the slot, and completes. Throws futures::InvalidStateError when done; what `store`
    /// throws leaves the future as it was.
    template <class Store>
    void finish_with(Store&& store) {
        std::unique_lock lock(mutex_);
        require_not_done();
        store(slot_);
        complete(lock, State::finished, nullptr);
    }
    /// For the one who runs the job, when the slot is filled.
    void finish(JobEnd& end) noexcept {
        std::unique_lock lock(mutex_);
        complete(lock, State::finished, &end);
    }
    /// For a job that ends without having run.
    void fail(std::exception_ptr error) noexcept;

    /// Blocks until it is done. Throws TimeoutError.
    void wait(const TimeLimit& timeout);
    /// The same, then throws futures::CancelledError or the exception, if it is one.
    void wait_for_result(const TimeLimit& timeout);
    /// Waits as well; the exception, nullptr for a result. Throws futures::CancelledError.
    [[nodiscard]] std::exception_ptr wait_for_exception(const TimeLimit& timeout);

    /// Tells `node` once, at once when done. The caller sees to it that it lives until then.
    void add(ConcurrentDone& node) noexcept;
    /// False when it was told, or is being told.
    bool remove(ConcurrentDone& node) noexcept;

    /// The outcome; only when done, or by the one who runs the job.
    [[nodiscard]] SlotBase& slot() noexcept { return slot_; }
    /// The loop whose thread completes this future, to find out who would wait for himself.
    void completed_by(const LoopCore& loop) noexcept { loop_ = &loop; }

protected:
    explicit ConcurrentCore(SlotBase& slot) noexcept : slot_(slot) {}
    virtual ~ConcurrentCore();

private:
    void require_not_done() const;
    void complete(std::unique_lock<std::mutex>& lock, State state, JobEnd* end) noexcept;
    void check_blocking() const;

    Atomic<std::uint32_t> references_{1};
    Atomic<State> state_{State::pending};
    SlotBase& slot_;
    const LoopCore* loop_ = nullptr;
    mutable std::mutex mutex_;
    BlockingCondition done_;
    IntrusiveList<ConcurrentDone> callbacks_;
};

using ConcurrentPtr = IntrusivePtr<ConcurrentCore>;

template <class T>
class ConcurrentState : public ConcurrentCore {
public:
    ConcurrentState() noexcept : ConcurrentCore(slot_) {}
    [[nodiscard]] Slot<T>& typed_slot() noexcept { return slot_; }

private:
    Slot<T> slot_;
};

/// Logs the exception that is being handled.
void log_callback_error() noexcept;

/// Calls `callback(Handle(core))` when the future is done, and deletes itself.
template <class Handle, class F>
class ConcurrentCallback final : public ConcurrentDone {
public:
    template <class G>
    explicit ConcurrentCallback(G&& callback) : callback_(std::forward<G>(callback)) {}

    void fire(ConcurrentCore& future) noexcept override {
        try {
            static_cast<void>(callback_(Handle(ConcurrentPtr(&future))));
        } catch (...) {
            log_callback_error();
        }
        delete this;
    }

    void drop() noexcept override { delete this; }

    ~ConcurrentCallback() = default;

private:
    F callback_;
};

}  // namespace asyncio::detail
