#pragma once

#include <asyncio/base/clock.hpp>
#include <asyncio/base/context.hpp>
#include <asyncio/base/creation_places.hpp>
#include <asyncio/base/frame_pool.hpp>
#include <asyncio/base/intrusive_ptr.hpp>
#include <asyncio/base/light_traits.hpp>
#include <asyncio/base/passing_memory.hpp>
#include <asyncio/base/timer_heap.hpp>
#include <asyncio/loop/callback.hpp>

#include <cstdint>
#include <source_location>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

namespace asyncio {

namespace detail {

class LoopCore;

/// The shared state of a Handle: a callable that the loop runs once (or, for a watcher, each time it is ready). It does
/// not know its loop, which is the running one whenever that matters: a call_soon of a small callable is 48 bytes.
class HandleCore : public ReadyNode, public Pooled {
public:
    void retain() noexcept { ++references_; }
    void release() noexcept {
        if (--references_ == 0) delete this;
    }

    /// Never runs again; the callable and its arguments are released now, or, when it is the callable that cancels
    /// itself, as soon as it has returned.
    void cancel() noexcept;
    [[nodiscard]] bool cancelled() const noexcept { return cancelled_; }
    /// What the callable runs in.
    [[nodiscard]] Context context() { return context_.share(executing_); }
    [[nodiscard]] virtual std::string describe() const;
    /// In debug mode: keeps the place that made it.
    void made_at(const std::source_location& place) noexcept { placed_ = keep_place(this, place); }
    /// " created at file:line", or nothing.
    [[nodiscard]] std::string created_at() const { return placed_ ? detail::created_at(this) : std::string(); }
    [[nodiscard]] std::string creation_place() const { return placed_ ? detail::creation_place(this) : std::string(); }

protected:
    HandleCore(ContextWord&& context, Run run_function) noexcept
        : ReadyNode(run_function),
          context_(std::move(context)) {}
    virtual ~HandleCore() {
        if (placed_) [[unlikely]]
            drop_place(this);
    }
    virtual void invoke() = 0;
    /// "f()".
    [[nodiscard]] virtual std::string describe_callable() const = 0;
    /// " f() created at file:line"; a cancelled handle has forgotten what it would have called, except in debug mode.
    [[nodiscard]] std::string describe_call() const;
    virtual void release_callable() noexcept = 0;

    /// Runs the callable; what it throws goes to the loop's exception handler, except KeyboardInterrupt and SystemExit,
    /// which leave through here.
    void execute();
    static void run_once(ReadyNode& node, Turn turn);
    /// Instead of running, when another thread or an outer scope runs in its context: reports that.
    void refuse_context();
    /// For the exception being handled: the same.
    void report_exception();

    ContextWord context_;
    std::uint32_t references_ = 1;
    bool holds_callable_ = true;
    bool cancelled_ = false;
    bool executing_ = false;
    bool placed_ = false;  // its place is kept

private:
    virtual void on_cancel() noexcept {}
    friend class TimerHandleCore;
};

/// A handle that a timer makes ready.
class TimerHandleCore : public HandleCore {
public:
    [[nodiscard]] Clock::time_point when() const noexcept { return timer.when; }
    [[nodiscard]] std::string describe() const override;

    /// The node that waits in the timer heap and then runs in the ready queue.
    struct Node : TimerNode {
        explicit Node(TimerHandleCore& owner) noexcept : TimerNode(&run_timer), owner(owner) {}
        TimerHandleCore& owner;
    } timer;

protected:
    static constexpr bool runs_once = false;
    TimerHandleCore(LoopCore& loop, ContextWord&& context) noexcept
        : HandleCore(std::move(context), &run_once),
          timer(*this),
          loop_(&loop) {}

private:
    static void run_timer(ReadyNode& node, Turn turn);
    void on_cancel() noexcept override;

    LoopCore* loop_;  // valid while the timer is scheduled
};

/// A handle with its callable and arguments, stored by value as std::thread does.
template <class Base, class F, class... Args>
class HandleOf final : public Base {
public:
    template <class G, class... As>
    HandleOf(LoopCore& loop, ContextWord&& context, G&& callable, As&&... args)
        : Base(loop, std::move(context)),
          call_(std::forward<G>(callable), std::forward<As>(args)...) {
        if constexpr (Base::runs_once) this->run = &run_fast;
    }

    ~HandleOf() override { HandleOf::release_callable(); }

    void release() noexcept {
        if (--this->references_ == 0) delete this;
    }

private:
    /// What run_once does, without a virtual call: the way of every call_soon while no loop is in debug mode.
    static void run_fast(ReadyNode& node, Turn turn) {
        auto& self = static_cast<HandleOf&>(node);
        if (turn == Turn::drop || self.cancelled_ || keeping_places()) [[unlikely]]
            return Base::run_once(node, turn);
        const auto keep = IntrusivePtr<HandleOf>::adopt(&self);  // the queue's reference
        const ContextScope scope(self.context_);
        if (!scope.entered()) [[unlikely]]
            return self.refuse_context();
        self.executing_ = true;  // it must not release itself in cancel()
        try {
            self.HandleOf::invoke();
        } catch (...) {
            self.report_exception();
        }
        self.HandleOf::release_callable();
        self.executing_ = false;
    }

    void invoke() override {
        std::apply([](F& callable, Args&... args) { static_cast<void>(callable(args...)); }, call_);
    }

    [[nodiscard]] std::string describe_callable() const override {
        return (this->holds_callable_ ? name_of_callable(std::get<0>(call_)) : callable_name(typeid(F))) + "()";
    }

    void release_callable() noexcept override {
        if constexpr (!std::is_trivially_destructible_v<Call>) {
            if (detail::exchanged(this->holds_callable_, false)) call_.~Call();
        }
    }

    using Call = std::tuple<F, Args...>;
    static_assert(alignof(Call) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__, "what the loop calls must not be over-aligned");
    // In a union, so that cancelling can destroy it at once.
    union {
        Call call_;
    };
};

class OnceHandleCore : public HandleCore {
protected:
    static constexpr bool runs_once = true;
    OnceHandleCore(LoopCore&, ContextWord&& context) noexcept : HandleCore(std::move(context), &run_once) {}
};

/// One that another thread makes.
class PostedHandleCore : public OnceHandleCore, public Passed {
public:
    using Passed::operator new;
    using Passed::operator delete;

protected:
    using OnceHandleCore::OnceHandleCore;
};

class WatcherHandleCore : public HandleCore {
public:
    /// Its way into the ready queue, at most once at a time. The caller's reference covers the stay.
    [[nodiscard]] bool mark_queued() noexcept { return !detail::exchanged(queued_, true); }

protected:
    static constexpr bool runs_once = false;
    WatcherHandleCore(LoopCore&, ContextWord&& context) noexcept : HandleCore(std::move(context), &run_watcher) {}

private:
    static void run_watcher(ReadyNode& node, Turn turn);

    bool queued_ = false;
};

}  // namespace detail

/// A callback that was given to `call_soon`. Copying copies the reference; dropping it does not cancel.
///
/// Thread safety: the loop's thread only. Mirrors asyncio.Handle.
class Handle {
public:
    /// Refers to nothing: `cancel()` does nothing, `cancelled()` is false.
    Handle() noexcept = default;
    /// Used by the library.
    explicit Handle(detail::IntrusivePtr<detail::HandleCore> core) noexcept : core_(std::move(core)) {}

    /// The callback will not run; callable and arguments are released at once. After it ran, or repeated: no effect
    /// except that `cancelled()` becomes true. Harmless on a closed loop.
    void cancel() noexcept {
        if (core_) core_->cancel();
    }
    /// Whether `cancel()` was called; running does not make it true. Since 3.7.
    [[nodiscard]] bool cancelled() const noexcept { return core_ && core_->cancelled(); }
    /// The context that the callback runs in: changes are seen by it. An empty one when this refers to nothing. Since
    /// 3.12.
    [[nodiscard]] Context get_context() const { return core_ ? core_->context() : Context(); }
    /// Whether it refers to a callback.
    explicit operator bool() const noexcept { return static_cast<bool>(core_); }
    /// `<Handle f()>`, `<Handle cancelled>`; in debug mode `<Handle f() created at file:line>`, also when cancelled.
    [[nodiscard]] std::string repr() const { return core_ ? core_->describe() : "<Handle>"; }

protected:
    detail::IntrusivePtr<detail::HandleCore> core_;
};

/// A callback that was given to `call_later` or `call_at`. Mirrors asyncio.TimerHandle.
class TimerHandle : public Handle {
public:
    TimerHandle() noexcept = default;
    /// Used by the library.
    explicit TimerHandle(detail::IntrusivePtr<detail::TimerHandleCore> core) noexcept
        : Handle(detail::IntrusivePtr<detail::HandleCore>(core.get())) {}

    /// Absolute loop time of the call; not changed by `cancel()`. Since 3.7.
    [[nodiscard]] Clock::time_point when() const noexcept {
        return core_ ? static_cast<detail::TimerHandleCore*>(core_.get())->when() : Clock::time_point{};
    }

    /// Whether both refer to the same callback.
    friend bool operator==(const TimerHandle& a, const TimerHandle& b) noexcept { return a.core_ == b.core_; }
    /// Whether it is called earlier.
    friend bool operator<(const TimerHandle& a, const TimerHandle& b) noexcept { return a.when() < b.when(); }
    /// Whether it is called later.
    friend bool operator>(const TimerHandle& a, const TimerHandle& b) noexcept { return b < a; }
    /// Whether it is called earlier, or both are the same.
    friend bool operator<=(const TimerHandle& a, const TimerHandle& b) noexcept { return a < b || a == b; }
    /// Whether it is called later, or both are the same.
    friend bool operator>=(const TimerHandle& a, const TimerHandle& b) noexcept { return b <= a; }
};

}  // namespace asyncio
