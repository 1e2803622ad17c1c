#include "worker_end.hpp"

#include <asyncio/executor/process_errors.hpp>

#include <string.h>
#include <sys/wait.h>

#include <chrono>
#include <sstream>

namespace asyncio::detail {

namespace {

std::string process_name(int process) {
    return process == 0 ? "a worker process" : "worker process " + std::to_string(process);
}

}  // namespace

std::string how_it_ended(int process, int status) {
    const std::string name = process_name(process);
    if (!WIFSIGNALED(status)) return name + " exited with status " + std::to_string(WEXITSTATUS(status));
    const char* signal = ::sigabbrev_np(WTERMSIG(status));
    const char* description = ::sigdescr_np(WTERMSIG(status));
    std::string text = name + " was killed by ";
    text += signal != nullptr ? std::string("SIG") + signal : "signal " + std::to_string(WTERMSIG(status));
    if (description != nullptr) text += std::string(" (") + description + ")";
    return text;
}

std::exception_ptr worker_died(const RemoteMessage& message, const WorkerEnding& ending) {
    const auto& [process, status, overdue] = ending;
    const std::string function(message.function);
    futures::WorkerEnd end{.pid = process, .function = function, .attempt = message.attempts};
    if (WIFSIGNALED(status)) {
        end.signal = WTERMSIG(status);
    } else {
        end.exit_status = WEXITSTATUS(status);
    }
    std::ostringstream text;
    if (overdue) {
        text << process_name(process) << " was killed (SIGKILL) because " << function << " took longer than "
             << std::chrono::duration<double>(*overdue).count() << " seconds";
    } else {
        text << how_it_ended(process, status) << " while it ran " << function;
    }
    text << " (attempt " << message.attempts << ")";
    return std::make_exception_ptr(futures::WorkerDied(text.str(), std::move(end)));
}

std::exception_ptr damaged_reply(const RemoteMessage& message, int process) {
    return std::make_exception_ptr(futures::BrokenProcessPool(process_name(process) + " has sent a damaged reply of " +
                                                              std::string(message.function)));
}

}  // namespace asyncio::detail
