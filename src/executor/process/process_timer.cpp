// Runs in worker processes and fork servers only, which have no fault plans: system calls are made directly.

#include "process_timer.hpp"

#include <asyncio/base/exceptions.hpp>
#include <asyncio/base/log.hpp>

#include <signal.h>

#include <cerrno>
#include <exception>
#include <string>

namespace asyncio::detail {

ProcessTimer::ProcessTimer(clockid_t clock, int signal) {
    sigevent event{};
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = signal;
    if (::timer_create(clock, &event, &timer_) < 0) throw_os_error(errno, "create a timer of a worker process");
}

void ProcessTimer::set(std::int64_t ns) const noexcept {
    constexpr std::int64_t ns_per_second = 1'000'000'000;
    const itimerspec time{{}, {ns / ns_per_second, static_cast<long>(ns % ns_per_second)}};
    ::timer_settime(timer_, 0, &time, nullptr);
}

void limit_exit(std::int64_t limit_ns) noexcept {
    if (limit_ns == 0) return;
    try {
        ProcessTimer(CLOCK_MONOTONIC, SIGKILL).set(limit_ns);
    } catch (const std::exception& error) {
        log(LogLevel::warning, std::string("worker process: ") + error.what());
    }
}

}  // namespace asyncio::detail
