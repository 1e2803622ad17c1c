#pragma once

#include <asyncio/base/light_traits.hpp>

#include <exception>
#include <utility>

namespace asyncio {

namespace detail {

/// Learns that a job has been run, before anybody who waits for it does: a pool counts its thread as idle from there
/// on, so that whoever was waiting can give it the next job.
class JobEnd {
public:
    virtual void before_delivery() noexcept {}
    /// Instead, when nothing is done after it but to post the outcome to a loop.
    virtual void before_post() noexcept { before_delivery(); }

protected:
    ~JobEnd() = default;
};

/// The untyped form of a call that was given to an executor. Exactly one of run (or begin and finish), cancel and fail
/// is called, once; after all but the first, release_job.
class JobNode {
public:
    JobNode() noexcept = default;
    JobNode(const JobNode&) = delete;
    JobNode& operator=(const JobNode&) = delete;

    /// Runs the call, unless it was cancelled meanwhile, delivers its outcome, and gives up the executor's reference.
    virtual void run(JobEnd& end) noexcept {
        if (begin()) finish(end);
        release_job();
    }
    /// From here on it cannot be cancelled any more. False: it was before, nothing is left to do.
    [[nodiscard]] virtual bool begin() noexcept = 0;
    /// Makes the call and delivers its outcome.
    virtual void finish(JobEnd& end) noexcept = 0;
    /// It will not be run: whoever waits is told that it was cancelled.
    virtual void cancel() noexcept = 0;
    virtual void fail(std::exception_ptr error) noexcept = 0;
    /// Gives up the executor's reference.
    virtual void release_job() noexcept = 0;

    JobNode* next_job = nullptr;  // for the executor's queue

protected:
    ~JobNode() = default;
};

}  // namespace detail

namespace futures {

/// A call that was given to an executor, seen from there: run it once, on whatever thread. Dropped without that, it is
/// cancelled, so that nobody waits for it in vain.
///
/// Thread safety: may be handed from thread to thread.
class Job {
public:
    /// Used by the library.
    explicit Job(detail::JobNode& node) noexcept : node_(&node) {}
    /// Leaves `other` without a call.
    Job(Job&& other) noexcept : node_(other.detach()) {}
    /// Cancels the call that was here.
    Job& operator=(Job&& other) noexcept {
        if (this != &other) {
            cancel();
            node_ = other.detach();
        }
        return *this;
    }
    ~Job() { cancel(); }

    /// Runs the call and delivers its result or exception, unless its future was cancelled before.
    void run() noexcept {
        struct Nobody final : detail::JobEnd {
        } nobody;
        if (node_ != nullptr) detach()->run(nobody);
    }
    /// Cancels its future.
    void cancel() noexcept {
        if (node_ == nullptr) return;
        node_->cancel();
        detach()->release_job();
    }
    /// Its future gets the exception.
    void fail(std::exception_ptr error) noexcept {
        if (node_ == nullptr) return;
        node_->fail(std::move(error));
        detach()->release_job();
    }

    /// For executors that queue the nodes themselves. It stays here.
    [[nodiscard]] detail::JobNode* node() const noexcept { return node_; }
    /// The same; it leaves.
    [[nodiscard]] detail::JobNode* detach() noexcept { return detail::exchanged(node_, nullptr); }

private:
    detail::JobNode* node_;
};

}  // namespace futures
}  // namespace asyncio
