#pragma once

#include <asyncio/base/standard/functional.hpp>
#include <asyncio/task/future_core.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

namespace asyncio {

namespace detail {
[[noreturn]] void throw_moved_future();
}  // namespace detail

/// Names a done callback for `remove_done_callback`; empty once the callback has been queued.
class DoneCallbackId {
public:
    DoneCallbackId() noexcept = default;
    /// Used by the library.
    explicit DoneCallbackId(std::uint64_t value) noexcept : value_(value) {}
    /// Used by the library; 0 when empty.
    [[nodiscard]] std::uint64_t value() const noexcept { return value_; }
    friend bool operator==(DoneCallbackId, DoneCallbackId) noexcept = default;

private:
    std::uint64_t value_ = 0;
};

/// A future or task of whatever result type: all that can be asked without knowing the type. Equal when they refer to
/// the same future. A moved-from one can be assigned to, compared, and destroyed; all else throws RuntimeError.
class AnyFuture {
public:
    using const_before_named = void;  // see closure.hpp

    /// Used by the library.
    explicit AnyFuture(detail::FuturePtr core) noexcept : core_(std::move(core)) {}

    /// True when there is a result or an exception, or it was cancelled.
    [[nodiscard]] bool done() const { return core().done(); }
    /// True when it was cancelled; a task only when its coroutine has ended with CancelledError.
    [[nodiscard]] bool cancelled() const { return core().cancelled(); }
    /// The exception, nullptr when there is a result. Throws InvalidStateError when pending, CancelledError when
    /// cancelled.
    [[nodiscard]] std::exception_ptr exception() const { return core().exception(); }
    /// Future: cancelled at once, awaiters get CancelledError(message) in the next iteration. Task: see Task. False
    /// when it was done. `message` since 3.9.
    bool cancel(std::string_view message = {}) const { return core().cancel(message); }
    /// How many callbacks were removed: 1, or 0 when it was not there or has been queued.
    std::size_t remove_done_callback(DoneCallbackId id) const;
    /// Throws RuntimeError when the loop does not exist any more. Since 3.7.
    [[nodiscard]] EventLoop& get_loop() const;
    /// `<Future pending>`, `<Task finished name='Task-1'>` …
    [[nodiscard]] std::string repr() const { return core().repr(); }

    /// Used by the library. Throws RuntimeError when moved from.
    [[nodiscard]] detail::FutureCore& core() const {
        if (!core_) [[unlikely]]
            detail::throw_moved_future();
        return *core_;
    }
    /// Whether both refer to the same future.
    friend bool operator==(const AnyFuture& a, const AnyFuture& b) noexcept { return a.core_ == b.core_; }

protected:
    friend struct std::hash<AnyFuture>;
    detail::FuturePtr core_;
};

}  // namespace asyncio

template <>
struct std::hash<asyncio::AnyFuture> {
    std::size_t operator()(const asyncio::AnyFuture& future) const noexcept {
        return std::hash<const void*>()(future.core_.get());
    }
};
