#pragma once

#include <asyncio/base/intrusive_list.hpp>
#include <asyncio/base/light_traits.hpp>
#include <asyncio/sync/acquire.hpp>
#include <asyncio/task/await_edge.hpp>

#include <exception>

namespace asyncio {

namespace detail {

/// A guard's place in the list of those that will release a primitive. The list unlinks them when the primitive goes
/// first; what is not linked has nothing to release.
class GuardHook : public ListHook {
public:
    /// The task that acquired, of primitives that do not keep it themselves.
    TaskMark taken_by{};
    /// The list of a Condition's wait that has released the lock for the guard and will take it back.
    IntrusiveList<GuardHook>* parked_in = nullptr;
};

[[nodiscard]] inline TaskMark mark_of(const TaskCore* task) noexcept {
    return task == nullptr ? TaskMark() : TaskMark{task, task->serial()};
}
/// Names those who took the guards in `guards`. Where these are many, only to the first in the line; to the others that
/// one, which they are behind: all of them to each would be the product of both numbers.
void add_holders(Blockers& blockers, const IntrusiveList<GuardHook>& guards, const WaitList& line,
                 const ListedWaiter& asking);

/// A destructor may not throw: says that a guard could not release.
void report_failed_release(std::exception_ptr error) noexcept;

}  // namespace detail

/// Releases a Lock or one unit of a Semaphore at the end of its scope: on return, on exceptions and on cancellation.
///
///     auto guard = co_await lock.guard();
///
/// Releases exactly once; `release()` does it early, and a moved-from guard has nothing to release. When the primitive
/// is destroyed first, neither has its guard. If somebody else released it meanwhile, `release()` throws what the
/// primitive's `release()` throws, and the destructor reports it to the loop's exception handler. While a task waits
/// for a Condition with the guard's lock, the guard holds nothing: when it is released meanwhile, the lock is free
/// after the wait. Mirrors `async with lock:`.
template <class Primitive>
class [[nodiscard("the guard releases when it is destroyed: auto guard = co_await x.guard();")]] Guard
    : private detail::GuardHook {
public:
    /// Takes over the release from `other`.
    Guard(Guard&& other) noexcept : owner_(other.owner_) { take_from(other); }
    /// The same; releases what this guard had.
    Guard& operator=(Guard&& other) noexcept {
        if (this == &other) return *this;
        release_quietly();
        owner_ = other.owner_;
        take_from(other);
        return *this;
    }
    ~Guard() { release_quietly(); }

    /// Whether there is something to release.
    [[nodiscard]] bool owns() const noexcept { return linked(); }
    /// As `owns()`.
    explicit operator bool() const noexcept { return owns(); }

    /// Releases now; does nothing when there is nothing to release.
    void release() {
        if (!linked()) return;
        unlink();
        if (detail::exchanged(parked_in, nullptr) == nullptr) owner_->release();
    }

private:
    template <class>
    friend class GuardAwaiter;
    friend Primitive;

    explicit Guard(Primitive& owner) noexcept : owner_(&owner) {
        if constexpr (Primitive::guards_name_holders) taken_by = detail::mark_of(detail::running_task());
        owner.guards_.push_back(*this);
    }

    void take_from(Guard& other) noexcept {
        if (!other.linked()) return;
        other.unlink();
        taken_by = other.taken_by;
        parked_in = detail::exchanged(other.parked_in, nullptr);
        (parked_in != nullptr ? *parked_in : owner_->guards_).push_back(*this);
    }
    void release_quietly() noexcept {
        if (!linked()) return;
        try {
            release();
        } catch (...) {
            detail::report_failed_release(std::current_exception());
        }
    }

    Primitive* owner_;
};

/// What `guard()` returns: acquires as `acquire()` does, and gives a guard.
template <class Primitive>
class [[nodiscard("write auto guard = co_await x.guard();"), gnu::warn_unused]] GuardAwaiter
    : public detail::Acquire<Primitive> {
public:
    using detail::Acquire<Primitive>::Acquire;
    ASYNCIO_VALUE_ONLY_BY_CO_AWAIT(Guard<Primitive>)

    /// The guard.
    Guard<Primitive> await_resume() {
        detail::Acquire<Primitive>::await_resume();
        return Guard<Primitive>(this->primitive());
    }
};

}  // namespace asyncio
