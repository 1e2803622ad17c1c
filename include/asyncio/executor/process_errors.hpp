#pragma once

#include <asyncio/executor/errors.hpp>

#include <string>
#include <utility>

namespace asyncio::futures {

/// A worker process ended abruptly, or its initializer failed. Mirrors concurrent.futures.process.BrokenProcessPool
/// (since 3.3).
class BrokenProcessPool : public BrokenExecutor {
public:
    using BrokenExecutor::BrokenExecutor;
};

/// How a worker process ended that was running a job.
struct WorkerEnd {
    /// The process.
    int pid = 0;
    /// The signal that killed it, or 0.
    int signal = 0;
    /// What it exited with, or -1.
    int exit_status = -1;
    /// The name of the function that it ran.
    std::string function;
    /// Which attempt that was, from 1.
    int attempt = 1;
};

/// The worker process that ran this job has ended: by a signal (a crash, a limit, somebody's kill), or because the job
/// called exit. Only this job fails; the pool has replaced the worker.
///
/// The message names the signal or the status, the function and the attempt.
class WorkerDied : public BrokenProcessPool {
public:
    /// See `end()`.
    WorkerDied(const std::string& message, WorkerEnd end) : BrokenProcessPool(message), end_(std::move(end)) {}

    /// How the worker ended, and what it ran.
    [[nodiscard]] const WorkerEnd& end() const noexcept { return end_; }

private:
    WorkerEnd end_;
};

}  // namespace asyncio::futures
