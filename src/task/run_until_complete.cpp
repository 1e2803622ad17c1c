#include <asyncio/task/run_until_complete.hpp>

#include <asyncio/base/exceptions.hpp>

#include <memory>
#include <stdexcept>

namespace asyncio::detail {

namespace {

/// Stops the loop one iteration after a future is done, as long as somebody waits for it.
class StopWhenDone {
public:
    StopWhenDone(LoopCore& loop, FutureCore& future) : future_(future), armed_(std::make_shared<bool>(true)) {
        id_ = add_done_callback<AnyFuture>(future, [&loop, armed = armed_](const AnyFuture&) {
            if (*armed) loop.stop();
        });
    }
    StopWhenDone(const StopWhenDone&) = delete;
    StopWhenDone& operator=(const StopWhenDone&) = delete;
    ~StopWhenDone() {
        // Where an interrupt left the loop, the callback may be queued; it must not end a later run.
        *armed_ = false;
        DoneCallback::remove(future_, id_);
    }

private:
    FutureCore& future_;
    std::shared_ptr<bool> armed_;
    DoneCallbackId id_;
};

}  // namespace

void require_runnable(const LoopCore& loop) {
    loop.check_open();
    if (loop.running()) throw RuntimeError("This event loop is already running");
    if (running_loop != nullptr) throw RuntimeError("Cannot run the event loop while another loop is running");
}

void run_until_done(LoopCore& loop, FutureCore& future) {
    if (&future.loop() != &loop)
        throw std::invalid_argument(
            "The future belongs to a different loop than the one that shall run until it is done");
    require_runnable(loop);
    const StopWhenDone stop(loop, future);
    loop.run_forever();
    if (!future.done()) throw RuntimeError("Event loop stopped before Future completed.");
}

void run_own_until_done(LoopCore& loop, FutureCore& task) {
    try {
        run_until_done(loop, task);
    } catch (...) {
        if (task.done()) static_cast<void>(task.outcome_error());
        throw;
    }
}

}  // namespace asyncio::detail
