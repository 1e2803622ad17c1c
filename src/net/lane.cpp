#include <asyncio/net/lane.hpp>

#include <asyncio/base/exceptions.hpp>

#include <cerrno>
#include <new>

namespace asyncio::detail {

std::exception_ptr error_of(std::int64_t result, std::string_view what) noexcept {
    try {
        return os_error(static_cast<int>(-result), std::string(what));
    } catch (...) {
        return std::current_exception();
    }
}

std::exception_ptr error_of(std::int64_t result, const char* operation, const SocketAddress& address) noexcept {
    try {
        return os_error(static_cast<int>(-result), operation + (" " + address.to_string()));
    } catch (...) {
        return std::current_exception();
    }
}

// --- LaneWaiter ---

LaneWaiter::~LaneWaiter() {
    if (lane_ != nullptr) lane_->leave(*this);
}

bool LaneWaiter::cancel(std::string_view message) noexcept {
    if (lane_ == nullptr) return false;
    lane_->leave(*this);
    accept_cancel(message);
    return true;
}

void LaneWaiter::enter(Lane& lane, Attempt first) {
    if (&task_->loop() != &lane.loop()) throw RuntimeError("the socket or stream belongs to a different event loop");
    lane.enter(*this, first);
}

/// The task's step, here and now: this is its turn in the ready queue.
void LaneWaiter::resume_now() {
    ++task_->loop().wakeups;
    ReadyNode& step = *task_;
    step.run(step, Turn::run);
}

// --- Lane ---

Lane::Lane(Counted& owner, LoopCore& loop, Kind kind, DescriptorPtr descriptor) noexcept
    : Operation(kind, std::move(descriptor), &on_ready),
      ReadyNode(&run_node),
      owner_(owner),
      loop_(loop) {}

void Lane::enter(LaneWaiter& waiter, Attempt first) {
    if (first == Attempt::later) {
        retry_soon();
    } else if (const std::int64_t armed = arm(); armed < 0) {
        throw_os_error(static_cast<int>(-armed), "wait for a socket");
    }
    waiters_.push_back(waiter);
    waiter.lane_ = this;
}

void Lane::leave(LaneWaiter& waiter) noexcept {
    waiter.unlink();
    waiter.lane_ = nullptr;
    if (waiters_.empty()) disarm();
}

void Lane::retry_soon() noexcept {
    if (queued_ || loop_.closed()) return;
    queued_ = true;
    owner_.retain();
    loop_.make_ready(*this);
}

/// Asks the driver to tell when the socket is ready. Returns 0 or a negative errno.
std::int64_t Lane::arm() noexcept {
    if (pending || queued_ || !Operation::descriptor) return 0;
    if (Operation::descriptor->closed()) return -EBADF;
    try {
        if (!loop_.driver().start(*this)) {
            owner_.retain();
            return 0;
        }
    } catch (const std::bad_alloc&) {
        return -ENOMEM;
    }
    if (result < 0) return result;
    // Ready again already: the others have their turn first.
    retry_soon();
    return 0;
}

void Lane::disarm() noexcept {
    // An operation that the driver cannot give up at once completes later, and finds nobody.
    if (pending && loop_.driver().cancel(*this)) owner_.release();
}

void Lane::on_ready(Operation& operation) noexcept {
    auto& lane = static_cast<Lane&>(operation);
    lane.retry_soon();  // with a closed socket the attempt will fail
    lane.owner_.release();
}

void Lane::run_node(ReadyNode& node, Turn turn) {
    auto& lane = static_cast<Lane&>(node);
    const auto keep = IntrusivePtr<Counted>::adopt(&lane.owner_);
    lane.queued_ = false;
    if (turn == Turn::run) lane.serve();
}

void Lane::serve() {
    LaneWaiter* const first = waiters_.front();
    if (first == nullptr) return;
    switch (first->attempt()) {
        case Attempt::later:
            return retry_soon();
        case Attempt::blocked: {
            const std::int64_t armed = arm();
            if (armed == 0) return;
            first->error_ = error_of(armed, "wait for a socket");
            break;
        }
        case Attempt::done:
            break;
    }
    leave(*first);
    if (in_use()) retry_soon();
    first->resume_now();
}

}  // namespace asyncio::detail
