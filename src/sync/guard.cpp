#include <asyncio/sync/guard.hpp>

#include <asyncio/base/log.hpp>
#include <asyncio/loop/exception_context.hpp>
#include <asyncio/loop/loop_core.hpp>
#include <asyncio/task/blockers.hpp>

namespace asyncio::detail {

namespace {

bool are_many(const IntrusiveList<GuardHook>& guards) noexcept {
    std::size_t few = 16;
    const GuardHook* guard = guards.front();
    while (guard != nullptr && few-- > 0) guard = guards.next(*guard);
    return guard != nullptr;
}

}  // namespace

void add_holders(Blockers& blockers, const IntrusiveList<GuardHook>& guards, const WaitList& line,
                 const ListedWaiter& asking) {
    const ListedWaiter* const first = line.first_waiting();
    if (first != nullptr && first != &asking && are_many(guards)) {
        blockers.holders.push_back(mark_of(first->task()));
        blockers.in_line = true;
        return;
    }
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
