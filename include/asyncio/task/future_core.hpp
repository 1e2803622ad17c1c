#pragma once

#include <asyncio/base/creation_places.hpp>
#include <asyncio/base/exceptions.hpp>
#include <asyncio/base/frame_pool.hpp>
#include <asyncio/base/intrusive_list.hpp>
#include <asyncio/base/intrusive_ptr.hpp>
#include <asyncio/loop/loop_core.hpp>
#include <asyncio/task/slot.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>
#include <typeinfo>

namespace asyncio::detail {

class FutureCore;
class GatherCore;
class DescribeTasks;
struct AwaitEdge;

/// Knows what the functions of all kinds of DoneNode are called.
struct DoneNodeNames;

/// An entry in a future's list of those to tell when it is done. `fire` is called inside set_result, set_exception or
/// cancel and must only queue something: nothing runs there. With Turn::drop the future will never be done, or its loop
/// is closed: the node gives up what it owns and queues nothing.
struct DoneNode : ListHook {
    using Fire = void (*)(DoneNode&, Turn) noexcept;
    explicit DoneNode(Fire function) noexcept : fire(function) {}
    Fire fire;
};

/// For an entry that counts as a reference to its owner, and whose future has gone: has `release` called with it, once
/// the release that is under way in this thread has returned. So a chain of futures that hold each other in this way
/// is destroyed without recursion, however long it is.
void release_iteratively(DoneNode& entry, DoneNode::Fire release) noexcept;

/// The untyped part of a future's shared state.
///
///     pending ──set_result──► finished
///        ├─────set_exception─► failed
///        └─────cancel────────► cancelled
class FutureCore : public Pooled {
public:
    enum class State : std::uint8_t { pending, finished, failed, cancelled };

    FutureCore(const FutureCore&) = delete;
    FutureCore& operator=(const FutureCore&) = delete;

    void retain() noexcept { ++references_; }
    void release() noexcept {
        if (--references_ == 0) delete this;
    }
    [[nodiscard]] bool shared() const noexcept { return references_ > 1; }

    [[nodiscard]] State state() const noexcept { return state_; }
    [[nodiscard]] bool done() const noexcept { return state_ != State::pending; }
    [[nodiscard]] bool cancelled() const noexcept { return state_ == State::cancelled; }
    [[nodiscard]] LoopCore& loop() const noexcept { return *loop_; }

    /// Asks for cancellation; true if it was accepted. A task passes it on to what it waits for.
    virtual bool cancel(std::string_view message) noexcept = 0;
    [[nodiscard]] virtual bool is_task() const noexcept { return false; }
    /// This, when it is what gather returns.
    [[nodiscard]] virtual GatherCore* gathering() noexcept { return nullptr; }
    [[nodiscard]] virtual std::string repr() const;
    /// In debug mode: keeps the place that made it.
    void made_at(const std::source_location& place) noexcept {
        if (keeping_places()) [[unlikely]]
            placed_ = keep_place(this, place);
    }
    /// " created at file:line", or nothing.
    [[nodiscard]] std::string created_at() const { return placed_ ? detail::created_at(this) : std::string(); }
    [[nodiscard]] std::string creation_place() const { return placed_ ? detail::creation_place(this) : std::string(); }

    /// Throws InvalidStateError when pending, CancelledError when cancelled, the exception when failed.
    void check_result();
    /// Throws InvalidStateError when pending, CancelledError when cancelled; nullptr when there is a result.
    [[nodiscard]] std::exception_ptr exception();
    /// The exception or the CancelledError; nullptr for a result. Never throws, marks it as retrieved.
    [[nodiscard]] std::exception_ptr outcome_error() noexcept {
        report_unretrieved_ = false;
        return slot().error;
    }

    /// Throws InvalidStateError when done. Used before a typed value is stored.
    void require_pending() const;
    /// The same; and in debug mode RuntimeError when somebody waits and another thread runs the loop.
    void check_completable() const;
    /// The value is in the slot; tells the waiters. LOOP-10: throws RuntimeError on a closed loop when there are any.
    void set_finished() { complete(State::finished); }
    /// A CancelledError makes it failed, not cancelled, as in Python. Throws InvalidStateError when done.
    void set_exception(std::exception_ptr error);
    /// Done with a cancellation; no effect when done. Keeps an error already in the slot.
    bool set_cancelled(std::string_view message) noexcept;

    /// Entered nodes are fired in the order of their entering. Precondition: not done.
    void enter(DoneNode& node) noexcept { waiters_.push_back(node); }
    [[nodiscard]] const IntrusiveList<DoneNode>& waiters() const noexcept { return waiters_; }
    [[nodiscard]] SlotBase& slot() noexcept {
        return *reinterpret_cast<SlotBase*>(reinterpret_cast<std::byte*>(this) + slot_offset_);
    }

protected:
    explicit FutureCore(LoopCore& loop) noexcept : loop_(&loop) { loop_->retain(); }
    /// The most derived class holds the slot and must say where.
    void place_slot(const SlotBase& slot) noexcept {
        slot_offset_ = static_cast<std::uint16_t>(reinterpret_cast<const std::byte*>(&slot) -
                                                  reinterpret_cast<const std::byte*>(this));
    }
    virtual ~FutureCore();
    /// Sets the state and fires the waiters; they must be able to run, see set_finished.
    void complete(State state);
    /// Call from the destructor of the most derived class, where text form and slot still exist.
    void report_if_unretrieved() noexcept {
        if (report_unretrieved_ && state_ == State::failed) [[unlikely]]
            report_unretrieved();
    }
    void report_unretrieved() noexcept;

    LoopCore* loop_;
    std::uint32_t references_ = 0;
    State state_ = State::pending;
    bool report_unretrieved_ : 1 = false;
    bool placed_ : 1 = false;  // its place is kept
    std::uint16_t slot_offset_ = 0;

    /// "42", "'text'", "None", or the type in angle brackets.
    [[nodiscard]] virtual std::string describe_result() const;
    /// " result=…", " exception=…" or nothing.
    [[nodiscard]] std::string describe_outcome() const;
    /// " cb=[f(), <3 more>, g()]", or nothing.
    [[nodiscard]] std::string describe_callbacks() const;

private:
    friend class DescribeTasks;
    IntrusiveList<DoneNode> waiters_;
};

using FuturePtr = IntrusivePtr<FutureCore>;

/// True when the exception is a CancelledError. Costs no throw.
[[nodiscard]] bool is_cancelled_error(const std::exception_ptr& error) noexcept;
/// True when the exception must leave the loop: KeyboardInterrupt or SystemExit.
[[nodiscard]] bool is_interrupt(const std::exception_ptr& error) noexcept;
/// A CancelledError, or std::bad_alloc when there is no memory for one.
[[nodiscard]] std::exception_ptr make_cancelled_error(std::string_view message) noexcept;

[[nodiscard]] std::string describe_number(long long value);
[[nodiscard]] std::string describe_number(double value);
[[nodiscard]] std::string describe_text(std::string_view text);
[[nodiscard]] std::string describe_type(const std::type_info& type);

/// A value in a text form: Python's reprlib for numbers and texts; of everything else the type.
template <class T>
[[nodiscard]] std::string describe_value(const T& value) {
    if constexpr (std::is_same_v<T, bool>) {
        return value ? "True" : "False";
    } else if constexpr (std::is_integral_v<T>) {
        return describe_number(static_cast<long long>(value));
    } else if constexpr (std::is_floating_point_v<T>) {
        return describe_number(static_cast<double>(value));
    } else if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, std::string_view>) {
        return describe_text(value);
    } else {
        return describe_type(typeid(T));
    }
}

/// The same of a future's result.
template <class T>
[[nodiscard]] std::string describe_slot(const Slot<T>& slot) {
    if constexpr (std::is_void_v<T>) {
        return "None";
    } else {
        return describe_value<std::remove_cvref_t<T>>(slot.get());
    }
}

/// The state of a Future<T> that is not a task.
template <class T>
class FutureState : public FutureCore {
public:
    explicit FutureState(LoopCore& loop) noexcept : FutureCore(loop) { place_slot(slot_); }
    ~FutureState() override { report_if_unretrieved(); }
    bool cancel(std::string_view message) noexcept override {
        report_unretrieved_ = false;
        return set_cancelled(message);
    }

private:
    [[nodiscard]] std::string describe_result() const override { return describe_slot(slot_); }

    Slot<T> slot_;
};

}  // namespace asyncio::detail
