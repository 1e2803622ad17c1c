#include <asyncio/sync/guard.hpp>

#include <asyncio/base/log.hpp>
#include <asyncio/loop/exception_context.hpp>
#include <asyncio/loop/loop_core.hpp>
#include <asyncio/task/await_edge.hpp>

namespace asyncio::detail {

void add_holders(Blockers& blockers, const IntrusiveList<GuardHook>& guards) {
    for (const GuardHook* guard = guards.front(); guard != nullptr; guard = guards.next(*guard))
        blockers.holders.push_back(guard->taken_by);
}

void report_failed_release(std::exception_ptr error) noexcept {
    try {
        ExceptionContext context;
        context.message = "A guard could not release at the end of its scope";
        context.exception = std::move(error);
        if (running_loop != nullptr) {
            running_loop->report(context);
        } else {
            log(LogLevel::error, LoopCore::format(context));
        }
    } catch (...) {
        // Out of memory: the report is lost.
    }
}

}  // namespace asyncio::detail
