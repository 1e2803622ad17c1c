#include <asyncio/executor/concurrent_core.hpp>

#include <asyncio/base/log.hpp>
#include <asyncio/loop/loop_core.hpp>

#include <array>
#include <typeinfo>

namespace asyncio::detail {

std::exception_ptr to_loop_error(std::exception_ptr error) {
    const std::type_info* type = error ? error.__cxa_exception_type() : nullptr;  // libstdc++, see future_core.cpp
    if (type == nullptr) return error;
    if (*type == typeid(futures::CancelledError)) return std::make_exception_ptr(CancelledError());
    if (*type != typeid(futures::InvalidStateError)) return error;
    try {
        std::rethrow_exception(error);
    } catch (const futures::InvalidStateError& state) {
        return std::make_exception_ptr(InvalidStateError(state.what()));
    }
}

void log_callback_error() noexcept {
    try {
        log(LogLevel::error,
            "exception calling callback of a concurrent future: " + describe(std::current_exception()));
    } catch (...) {
        log(LogLevel::error, "exception calling callback of a concurrent future");
    }
}

ConcurrentCore::~ConcurrentCore() {
    while (ConcurrentDone* callback = callbacks_.pop_front()) callback->drop();
}

bool ConcurrentCore::cancel() noexcept {
    std::unique_lock lock(mutex_);
    if (done()) return cancelled();
    if (state() == State::running) return false;
    complete(lock, State::cancelled, nullptr);
    return true;
}

bool ConcurrentCore::set_running_or_notify_cancel() {
    const std::lock_guard lock(mutex_);
    if (state() == State::pending) {
        state_.store(State::running, memory_release);
        return true;
    }
    if (state() != State::cancelled) throw futures::InvalidStateError("Future in unexpected state: " + repr());
    state_.store(State::cancelled_and_notified, memory_release);
    return false;
}

void ConcurrentCore::fail(std::exception_ptr error) noexcept {
    std::unique_lock lock(mutex_);
    if (done()) return;
    slot_.error = std::move(error);
    complete(lock, State::finished, nullptr);
}

void ConcurrentCore::require_not_done() const {
    if (done()) throw futures::InvalidStateError("invalid state: the future is done: " + repr());
}

void ConcurrentCore::complete(std::unique_lock<std::mutex>& lock, State state, JobEnd* end) noexcept {
    const ConcurrentPtr keep(this);
    // A callback may take its time, or wait for further jobs: a thread with such work is not idle.
    if (end != nullptr && callbacks_.empty()) end->before_delivery();
    state_.store(state, memory_release);
    done_.notify_all();
    while (ConcurrentDone* callback = callbacks_.pop_front()) {
        lock.unlock();
        callback->fire(*this);
        lock.lock();
    }
    lock.unlock();
}

/// In debug mode, what blocks a running loop is reported; what would block it for ever is refused.
void ConcurrentCore::check_blocking() const {
    const LoopCore* loop = running_loop;
    if (loop == nullptr || !loop->debug) return;
    if (loop == loop_)
        throw RuntimeError("result() would wait for ever: it is called in the thread of the loop that computes it");
    log(LogLevel::warning, "waiting for a concurrent future blocks the event loop; await it instead");
}

Clock::time_point deadline_of(const TimeLimit& timeout) noexcept {
    return timeout ? saturating_add(Clock::now(), *timeout) : Clock::time_point::max();
}

void ConcurrentCore::wait(const TimeLimit& timeout) {
    if (done()) return;
    check_blocking();
    std::unique_lock lock(mutex_);
    const Clock::time_point deadline = deadline_of(timeout);
    if (deadline == Clock::time_point::max()) {
        done_.wait(lock, [this] { return done(); });
        return;
    }
    if (!done_.wait_until(lock, deadline, [this] { return done(); })) throw TimeoutError();
}

void ConcurrentCore::wait_for_result(const TimeLimit& timeout) {
    if (const std::exception_ptr error = wait_for_exception(timeout)) std::rethrow_exception(error);
}

std::exception_ptr ConcurrentCore::wait_for_exception(const TimeLimit& timeout) {
    wait(timeout);
    if (cancelled()) throw futures::CancelledError();
    return slot_.error;
}

void ConcurrentCore::add(ConcurrentDone& node) noexcept {
    {
        const std::lock_guard lock(mutex_);
        if (!done()) {
            callbacks_.push_back(node);
            return;
        }
    }
    const ConcurrentPtr keep(this);
    node.fire(*this);
}

bool ConcurrentCore::remove(ConcurrentDone& node) noexcept {
    const std::lock_guard lock(mutex_);
    if (!node.linked()) return false;
    node.unlink();
    return true;
}

std::string ConcurrentCore::repr() const {
    static constexpr std::array names{"pending", "running", "cancelled", "cancelled", "finished"};
    const State now = state();
    std::string text = std::string("<Future state=") + names[static_cast<std::size_t>(now)];
    if (now == State::finished) text += slot_.error ? " raised " + describe(slot_.error) : " returned";
    return text + ">";
}

}  // namespace asyncio::detail
