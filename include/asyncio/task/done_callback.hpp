#pragma once

#include <asyncio/base/creation_places.hpp>
#include <asyncio/base/frame_pool.hpp>
#include <asyncio/base/ready_queue.hpp>
#include <asyncio/loop/callback.hpp>
#include <asyncio/task/any_future.hpp>
#include <asyncio/task/future_core.hpp>

#include <cstdint>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>

namespace asyncio::detail {

/// A callback of a future: waits in the future's list, then runs once in the ready queue. Owns itself.
class DoneCallback : public DoneNode, public ReadyNode, public Pooled {
public:
    [[nodiscard]] std::uint64_t id() const noexcept { return id_; }
    virtual ~DoneCallback() {
        if (placed_) [[unlikely]]
            drop_place(this);
    }
    /// "f()", in debug mode "f() at file:line".
    [[nodiscard]] std::string describe() const;

    /// Enters the future's list, or the ready queue when the future is done. A null `context` means a copy of the
    /// current one.
    static DoneCallbackId enter(FutureCore& future, DoneCallback* callback, ContextCore* context,
                                const std::source_location& place);
    /// False when the callback is not in the future's list.
    static bool remove(FutureCore& future, DoneCallbackId id) noexcept;

protected:
    DoneCallback() noexcept;
    virtual void invoke(FuturePtr future) = 0;
    [[nodiscard]] virtual std::string name() const = 0;

private:
    friend DoneNodeNames;
    static void on_done(DoneNode& node, Turn turn) noexcept;
    static void run(ReadyNode& node, Turn turn);

    FutureCore* future_ = nullptr;  // while in its list
    FuturePtr keep_;                // while in the ready queue
    std::uint64_t id_ : 63 = 0;
    bool placed_ : 1 = false;  // its place is kept
    ContextWord context_;
};

template <class PublicFuture, class F>
class DoneCallbackOf final : public DoneCallback {
public:
    template <class G>
    explicit DoneCallbackOf(G&& callback) : callback_(std::forward<G>(callback)) {}

private:
    void invoke(FuturePtr future) override { static_cast<void>(callback_(PublicFuture(std::move(future)))); }
    [[nodiscard]] std::string name() const override { return name_of_callable(callback_); }

    F callback_;
};

template <class PublicFuture, class F>
DoneCallbackId add_done_callback(FutureCore& future, F&& callback, ContextCore* context = nullptr,
                                 const std::source_location& place = {}) {
    require_callable(callback);
    return DoneCallback::enter(future, new DoneCallbackOf<PublicFuture, std::decay_t<F>>(std::forward<F>(callback)),
                               context, place);
}

/// Throws RuntimeError "Task does not support … operation" for a task.
void refuse_task(const FutureCore& future, const char* operation);

}  // namespace asyncio::detail
