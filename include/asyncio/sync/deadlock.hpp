#pragma once

#include <asyncio/task/call_frame.hpp>
#include <asyncio/task/task.hpp>

#include <cstdio>
#include <string>
#include <vector>

namespace asyncio {

/// A member of a Deadlock: what its task waits for.
struct DeadlockedTask {
    AnyTask task;  ///< the one that cannot go on
    /// Where it waits, the innermost frame first.
    std::vector<FrameCallGraphEntry> call_stack;
    /// "Lock at 0x…"; empty when it waits for the end of `holder`, by await, gather, TaskGroup, wait or shield.
    std::string waits_for;
    /// Who has that; the next task of the ring, and of the last one the first.
    AnyTask holder;
    /// `holder` does not have it yet but comes first: a writer before a reader of an RWLock, or who is first in the
    /// line for what more than 16 hold.
    bool in_line = false;
};

/// Tasks that wait for each other in a ring, and would do so for ever. One alone waits for what it has itself.
struct Deadlock {
    std::vector<DeadlockedTask> tasks;  ///< each waits for the next, the last for the first
};

/// Looks for tasks of the running loop that cannot go on because each waits for the next one in a ring: for what that
/// holds, or for its end. Other tasks may be busy meanwhile. Whoever waits for a ring from outside is in none. Costs
/// nothing while nobody asks; complexity: linear in the tasks and what they wait for, and the length of the answer.
///
///     for (const auto& deadlock : asyncio::find_deadlocks()) asyncio::print_deadlock(deadlock);
///
/// In debug mode the loop does the same when it is about to sleep and nothing is ready, no timer is set, no I/O is
/// pending and no other thread owes it an answer: each ring is said once to the log. A loop on the simulated driver,
/// which throws RuntimeError then, has them in its message.
///
/// What counts as held: a Lock, also that of a Condition, and what is held of an RWLock for writing, by the task that
/// acquired it, until somebody releases it; units of a Semaphore, and what is held of an RWLock for reading, by the
/// task that took the guard; units that were acquired without a guard are nobody's, since any task may release them. So
/// a semaphore is part of a ring only if all of its units have guards of tasks that cannot go on. Who will put into a
/// queue, set an event or a future, notify or come to a barrier is not known: waiting for these never makes a ring.
/// A ring is dissolved when a member is cancelled, by a time limit for instance, or when somebody outside of it
/// releases what it waits for.
///
/// Throws RuntimeError when no loop runs in this thread. Thread safety: the loop's thread only. Python's asyncio has
/// none.
[[nodiscard]] std::vector<Deadlock> find_deadlocks();
/// The same for a loop, which need not run. Throws RuntimeError in debug mode when another thread runs it.
[[nodiscard]] std::vector<Deadlock> find_deadlocks(EventLoop& loop);

/// The ring as text, of the stacks the innermost frames:
///
///     Deadlock of 2 tasks:
///       'a' in pay() at bank.cpp:12 waits for Lock at 0x7f…, held by 'b'
///       'b' in pay() at bank.cpp:12 waits for Lock at 0x7e…, held by 'a'
[[nodiscard]] std::string format_deadlock(const Deadlock& deadlock);
/// Writes that text and a line end to `file`, by default to stdout.
void print_deadlock(const Deadlock& deadlock, std::FILE* file = nullptr);

namespace detail {

/// See LoopCore::describe_deadlocks.
[[nodiscard]] std::vector<std::string> describe_deadlocks(LoopCore& loop);

}  // namespace detail
}  // namespace asyncio
