#pragma once

#include <asyncio/task/await_edge.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace asyncio::detail {

/// What stands against the end of a wait, as far as tasks can do something about it.
struct Blockers {
    std::string what;               ///< "Lock at 0x…", when `holders` are named
    std::vector<TaskMark> holders;  ///< who has it; what is no task any more is somebody unknown
    bool in_line = false;           ///< they do not have it, but come first
    /// Not 0: one of so many, of holders or of who is awaited directly, is enough. 0: all of them are needed.
    std::size_t one_of = 0;
    bool over = false;  ///< the wait has ended, and its task is about to go on
};

}  // namespace asyncio::detail
