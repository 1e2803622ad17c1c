#pragma once

#include <asyncio/base/owner.hpp>
#include <asyncio/base/standard/memory.hpp>
#include <asyncio/base/unique_fd.hpp>
#include <asyncio/executor/executor.hpp>
#include <asyncio/executor/job.hpp>
#include <asyncio/executor/loop_job.hpp>
#include <asyncio/executor/remote.hpp>
#include <asyncio/task/future.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace asyncio::detail {

/// A call in another process: its request, and later the reply.
struct RemoteJob {
    RemoteJob() noexcept = default;
    RemoteJob(const RemoteJob&) = delete;
    RemoteJob& operator=(const RemoteJob&) = delete;
    /// Cancels a call that was not sent.
    ~RemoteJob();

    /// From here on it cannot be cancelled. False: it was before.
    [[nodiscard]] bool begin() noexcept;
    /// Has the node read the reply, or throw the error, and deliver that.
    void finish(JobEnd& end) noexcept;
    void fail(std::exception_ptr cause) noexcept;

    std::string request;
    JobNode* node = nullptr;  // with a reference; null when it is done
    std::span<const std::byte> reply;
    const SharedFiles* reply_files = nullptr;
    std::exception_ptr error;  // in place of a reply
};

/// What is sent to a worker at once: one call, or several that belong together.
struct RemoteMessage {
    RemoteMessage() noexcept;
    ~RemoteMessage();

    template <class Action>
    void for_each(Action&& action) {
        action(first);
        for (const auto& job : further) action(*job);
    }
    [[nodiscard]] std::uint32_t count() const noexcept { return static_cast<std::uint32_t>(1 + further.size()); }
    void fail(const std::exception_ptr& cause) noexcept;
    /// One more after those that there are.
    RemoteJob& add_job();
    void drop_last_job() noexcept;

    RemoteJob first;
    std::vector<Owner<RemoteJob>> further;
    std::string_view function;  // lives as long as the program
    std::uint64_t size = 0;     // of its records
    SharedFiles shared;         // which its arguments refer to
    UniqueFd file;              // the records are in there when they are long, or something is shared
    LoopCore* loop = nullptr;   // whose job it is, when its answer goes there only
    int attempts = 0;           // that have failed
    bool begun = false;
    bool initializer = false;   // what a worker does first; not a job
    Owner<RemoteMessage> next;  // in the pool's queue
};

/// What the node of a RemoteJob calls when there is a reply.
template <class R>
class RemoteCall {
public:
    using Result = R;

    explicit RemoteCall(RemoteJob& job) noexcept : job_(&job) {}
    R operator()() {
        if (job_->error) std::rethrow_exception(job_->error);
        return decode_reply<R>(job_->reply, job_->reply_files);
    }

private:
    RemoteJob* job_;
};

/// Writes the request of one of the message's jobs. What a codec throws becomes the outcome of the job: false.
template <auto F, class... Args>
[[nodiscard]] bool write_request(RemoteMessage& message, RemoteJob& job, Args&&... args) {
    try {
        ByteSink sink(job.request, &message.shared);
        write_call<F>(sink, std::forward<Args>(args)...);
        return true;
    } catch (...) {
        job.fail(std::current_exception());
        return false;
    }
}

/// Makes the job one with a concurrent future.
template <class R>
[[nodiscard]] futures::Future<R> deliver_to_future(RemoteJob& job) {
    auto* node = new SubmittedJob<RemoteCall<R>>(RemoteCall<R>(job));
    job.node = node;
    return futures::Future<R>(ConcurrentPtr{node});
}

/// Makes the job one with a future of a loop.
template <class R>
[[nodiscard]] Future<R> deliver_to_loop(LoopCore& loop, RemoteJob& job) {
    const IntrusivePtr<DeliveredState<R>> future(new DeliveredState<R>(loop));
    auto* node = new LoopJobOf<RemoteCall<R>>(RemoteCall<R>(job));
    job.node = node;
    node->deliver_to(*future);
    return Future<R>(FuturePtr(future.get()));
}

}  // namespace asyncio::detail
