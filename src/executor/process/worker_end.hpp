#pragma once

#include <asyncio/base/clock.hpp>
#include <asyncio/executor/remote_job.hpp>

#include <exception>
#include <string>

namespace asyncio::detail {

// How ends of worker processes are told. A status is what waitpid gives; a process 0 is not known.

struct WorkerEnding {
    int process;
    int status;
    TimeLimit overdue;  // it was killed because its job took longer than this
};

/// "worker process 12 was killed by SIGSEGV (Segmentation fault)".
[[nodiscard]] std::string how_it_ended(int process, int status);
/// WorkerDied, for the message that it worked on.
[[nodiscard]] std::exception_ptr worker_died(const RemoteMessage& message, const WorkerEnding& ending);
/// BrokenProcessPool, for a reply that cannot be read.
[[nodiscard]] std::exception_ptr damaged_reply(const RemoteMessage& message, int process);

}  // namespace asyncio::detail
