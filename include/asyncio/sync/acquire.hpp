#pragma once

#include <asyncio/base/refuse.hpp>
#include <asyncio/sync/wait_list.hpp>

#include <coroutine>
#include <string_view>

namespace asyncio::detail {

/// Waits for its turn to take what can be taken and released; what `acquire()` returns. The primitive says what that
/// means, to friends:
///
///     try_take()               takes it, unless there is somebody to wait for
///     line(), binding()        who waits, and on which loop
///     taken(task)              the task's turn has come, and it takes it
///     not_taken(chosen)        a task leaves without it; `chosen`: it had its turn already
///     left()                   a waiting task is cancelled and will leave at its turn; if there is such a function
///     name_blockers(blockers, waiter)
///                              see Waiter
///     type_name, repr()        for messages
template <class Primitive>
class [[nodiscard("write co_await x.acquire()"), gnu::warn_unused]] Acquire : public ListedWaiter {
public:
    explicit Acquire(Primitive& primitive) noexcept : primitive_(&primitive) {}
    /// One that was not awaited yet may be moved, into a task for instance.
    Acquire(Acquire&& unstarted) noexcept : Acquire(*unstarted.primitive_) {}
    ~Acquire() {
        if (stage_ != Stage::idle) [[unlikely]]
            give_up();
    }

    ASYNCIO_VALUE_ONLY_BY_CO_AWAIT(bool)

    [[nodiscard]] bool await_ready() noexcept { return primitive_->try_take(); }

    template <class P>
    void await_suspend(std::coroutine_handle<P> handle) {
        enter();
        suspend(handle);
    }

    bool await_resume() {
        if (stage_ != Stage::idle) finish();
        return true;
    }

    bool cancel(std::string_view message) noexcept override {
        if (!ListedWaiter::cancel(message)) return false;
        if constexpr (requires { primitive_->left(); }) primitive_->left();
        return true;
    }
    void name_blockers(Blockers& blockers) const override {
        if (stage_ == Stage::waiting) primitive_->name_blockers(blockers, *this);
    }

    [[nodiscard]] Primitive& primitive() const noexcept { return *primitive_; }

private:
    void enter();
    void finish();
    void give_up() noexcept;

    Primitive* primitive_;
};

// Of those that can be acquired, `extern template`s: nobody compiles them again.

template <class Primitive>
void Acquire<Primitive>::enter() {
    begin();
    if (!primitive_->binding().accepts(*task_)) throw_other_loop(primitive_->repr());
    primitive_->line().enter(*this, *task_);
}

template <class Primitive>
void Acquire<Primitive>::finish() {
    const bool chosen = stage_ == Stage::chosen;
    if (!leave()) {
        resumed();
        throw_destroyed(Primitive::type_name);
    }
    if (task_->must_throw()) primitive_->not_taken(chosen);
    resumed();
    primitive_->taken(task_);
}

/// The frame is destroyed while it waits.
template <class Primitive>
void Acquire<Primitive>::give_up() noexcept {
    const bool exists = list_ != nullptr;
    const bool chosen = abandon();
    if (exists) primitive_->not_taken(chosen);
}

}  // namespace asyncio::detail
