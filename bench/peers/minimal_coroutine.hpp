#pragma once

#include <coroutine>
#include <exception>
#include <utility>

/// The smallest coroutine type that can be awaited: what somebody writes on one page to see how cheap C++20 coroutines
/// are.
///
/// Lazy, symmetric transfer in both directions, the frame from the plain operator new. It leaves out everything that
/// can be left out: no exception passes an await (one that escapes ends the program), nothing is checked, there is no
/// loop, no task, no cancellation. It is the strictest peer for the cost of a co_await; an optimised build is assumed.
namespace minimal {

template <class T>
class Coroutine {
public:
    struct promise_type {
        std::coroutine_handle<> caller;
        T value{};

        Coroutine get_return_object() noexcept {
            return Coroutine(std::coroutine_handle<promise_type>::from_promise(*this));
        }
        std::suspend_always initial_suspend() const noexcept { return {}; }
        auto final_suspend() const noexcept { return ResumeCaller{}; }
        void return_value(T result) noexcept { value = std::move(result); }
        [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
    };

    Coroutine(Coroutine&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    Coroutine& operator=(Coroutine&&) = delete;
    ~Coroutine() {
        if (handle_) handle_.destroy();
    }

    auto operator co_await() && noexcept { return Call{handle_}; }

    /// Runs the coroutine on this thread, as the root of a chain.
    T run() {
        handle_.promise().caller = std::noop_coroutine();
        handle_.resume();
        return std::move(handle_.promise().value);
    }

private:
    using Handle = std::coroutine_handle<promise_type>;

    struct ResumeCaller {
        bool await_ready() const noexcept { return false; }
        std::coroutine_handle<> await_suspend(Handle self) const noexcept { return self.promise().caller; }
        void await_resume() const noexcept {}
    };

    struct Call {
        Handle callee;
        bool await_ready() const noexcept { return false; }
        std::coroutine_handle<> await_suspend(std::coroutine_handle<> caller) const noexcept {
            callee.promise().caller = caller;
            return callee;
        }
        T await_resume() const noexcept { return std::move(callee.promise().value); }
    };

    explicit Coroutine(Handle handle) noexcept : handle_(handle) {}

    Handle handle_;
};

}  // namespace minimal
