#include <asyncio/executor/run_coroutine_threadsafe.hpp>

#include <asyncio/loop/loop_core.hpp>

namespace asyncio::detail {

IntrusivePtr<ThreadsafeTask> ThreadsafeTask::connect(ConcurrentPtr future, FuturePtr task) {
    LoopCore& loop = task->loop();
    const auto link = IntrusivePtr<ThreadsafeTask>::adopt(new ThreadsafeTask(std::move(future), std::move(task)));
    link->LoopLink::connect(loop, link->entry_);
    link->retain();  // for the future's list
    link->future_->add(*link);
    return link;
}

void ThreadsafeTask::fire(ConcurrentCore& future) noexcept {
    if (future.cancelled()) return post_and_release();
    release();
}

void ThreadsafeTask::arrived() {
    if (const FuturePtr task = std::move(task_)) task->cancel({});
}

void ThreadsafeTask::closed() noexcept {
    task_ = nullptr;
    future_->cancel();
}

void ThreadsafeTask::task_done() noexcept {
    task_ = nullptr;
    cut();
}

bool copy_outcome(FutureCore& task, ConcurrentCore& future) noexcept {
    if (task.cancelled()) {
        future.cancel();
        return false;
    }
    if (const std::exception_ptr error = task.outcome_error()) {
        future.fail(error);
        return false;
    }
    return !future.done();
}

bool post_or_queue(LoopCore& loop, ReadyNode& node) noexcept {
    if (!loop.in_own_thread()) return loop.post(node);
    loop.make_ready(node);
    return true;
}

}  // namespace asyncio::detail
