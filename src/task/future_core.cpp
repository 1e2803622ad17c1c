#include <asyncio/task/future_core.hpp>

#include "manual_edge.hpp"

#include <asyncio/base/exceptions.hpp>
#include <asyncio/base/log.hpp>
#include <asyncio/loop/event_loop.hpp>
#include <asyncio/task/any_future.hpp>

#include <stdexcept>
#include <typeinfo>

namespace asyncio {

namespace detail {

namespace {

const std::type_info* type_of(const std::exception_ptr& error) noexcept {
#if defined(__GLIBCXX__)
    return error ? error.__cxa_exception_type() : nullptr;
#else
#error "asyncio needs libstdc++: the type of an exception_ptr is read without throwing it"
#endif
}

}  // namespace

bool is_cancelled_error(const std::exception_ptr& error) noexcept {
    const std::type_info* type = type_of(error);
    return type != nullptr && *type == typeid(CancelledError);
}

bool is_interrupt(const std::exception_ptr& error) noexcept {
    const std::type_info* type = type_of(error);
    return type != nullptr && (*type == typeid(KeyboardInterrupt) || *type == typeid(SystemExit));
}

std::exception_ptr make_cancelled_error(std::string_view message) noexcept {
    try {
        return std::make_exception_ptr(CancelledError(std::string(message)));
    } catch (...) {
        return std::current_exception();
    }
}

void throw_moved_future() {
    throw RuntimeError("use of a moved Future or Task");
}

namespace {

/// What has been given up by the destructor that is at work in this thread, and not been released yet.
constinit thread_local IntrusiveList<DoneNode>* given_up = nullptr;

// Not inline: GCC 12 takes the list's address in `first` for one that is left behind.
[[gnu::noinline]] void release_all(IntrusiveList<DoneNode>& entries, DoneNode& first) noexcept {
    given_up = &entries;
    entries.push_back(first);
    while (DoneNode* next = entries.pop_front()) next->fire(*next, Turn::drop);
    given_up = nullptr;
}

}  // namespace

void release_iteratively(DoneNode& entry, DoneNode::Fire release) noexcept {
    entry.fire = release;
    if (given_up != nullptr) return given_up->push_back(entry);
    IntrusiveList<DoneNode> entries;
    release_all(entries, entry);
}

FutureCore::~FutureCore() {
    while (DoneNode* node = waiters_.pop_front()) node->fire(*node, Turn::drop);
    if (placed_) [[unlikely]]
        drop_place(this);
    loop_->release();
}

void FutureCore::require_pending() const {
    if (done()) throw InvalidStateError("invalid state: the future is done");
}

void FutureCore::check_completable() const {
    require_pending();
    if (!waiters_.empty()) loop_->check_thread();
}

void FutureCore::check_result() {
    if (state_ == State::finished) return;
    if (state_ == State::pending) throw InvalidStateError("Result is not ready.");
    report_unretrieved_ = false;
    std::rethrow_exception(slot().error);
}

std::exception_ptr FutureCore::exception() {
    switch (state_) {
        case State::pending:
            throw InvalidStateError("Exception is not set.");
        case State::finished:
            return nullptr;
        case State::cancelled:
            std::rethrow_exception(slot().error);
        case State::failed:
            break;
    }
    report_unretrieved_ = false;
    return slot().error;
}

void FutureCore::set_exception(std::exception_ptr error) {
    if (!error) throw std::invalid_argument("set_exception() was given no exception");
    check_completable();
    slot().error = std::move(error);
    report_unretrieved_ = true;
    complete(State::failed);
}

bool FutureCore::set_cancelled(std::string_view message) noexcept {
    if (done() || (!waiters_.empty() && loop_->refuse_thread("cancel()"))) return false;
    if (!slot().error) slot().error = make_cancelled_error(message);
    try {
        complete(State::cancelled);
    } catch (const RuntimeError&) {
        // A closed loop: the state is changed, nobody is left to be told.
    }
    return done();
}

void FutureCore::complete(State state) {
    if (waiters_.empty()) {
        state_ = state;
        return;
    }
    loop_->check_thread();
    state_ = state;
    if (loop_->closed()) [[unlikely]] {
        bool somebody_waits = false;
        while (DoneNode* node = waiters_.pop_front()) {
            somebody_waits = somebody_waits || !ManualEdge::owns(*node);
            node->fire(*node, Turn::drop);
        }
        if (somebody_waits) loop_->check_open();
        return;
    }
    loop_->keep_order();
    while (DoneNode* node = waiters_.pop_front()) node->fire(*node, Turn::run);
}

void FutureCore::report_unretrieved() noexcept {
    report_unretrieved_ = false;
    try {
        ExceptionContext context;
        context.message = is_task() ? "Task exception was never retrieved" : "Future exception was never retrieved";
        context.exception = slot().error;
        context.future = repr();
        context.source_traceback = creation_place();
        loop_->report(context);
    } catch (...) {
        // Out of memory: the report is lost, the destructor goes on.
    }
}

}  // namespace detail

EventLoop& AnyFuture::get_loop() const {
    EventLoop* const loop = core().loop().facade;
    if (loop == nullptr) throw RuntimeError("The future's event loop does not exist any more");
    return *loop;
}

}  // namespace asyncio
