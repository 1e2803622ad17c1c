#pragma once

#include "memory.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace inspect {

struct Frame {
    std::string function;
    std::string file;
    std::uint32_t line = 0;
    bool internal = false;  // a function of the library that users have not heard of
};

struct Task {
    std::uint64_t id = 0;
    std::int32_t thread = 0;
    std::string name;
    std::vector<Frame> stack;               // the innermost first
    std::vector<std::uint64_t> awaited_by;  // ids of tasks
};

/// The tasks of all loops that were not done when they were read. While they run on, what is read may not fit
/// together: then it reads again, at most `retries` times, and in the end leaves out what cannot be read.
/// Throws Failure.
[[nodiscard]] std::vector<Task> read_tasks(const Memory& memory, int retries);

}  // namespace inspect
