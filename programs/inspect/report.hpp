#pragma once

#include "snapshot.hpp"

#include <string>
#include <vector>

namespace inspect {

/// The table of `asyncio ps`: one line for each task and each of those that wait for it.
[[nodiscard]] std::string task_table(const std::vector<Task>& tasks);

/// The trees of `asyncio pstree`, or the cycles because of which there are none.
struct Tree {
    std::string text;
    bool cyclic = false;
};
[[nodiscard]] Tree task_tree(const std::vector<Task>& tasks);

/// The program. Gives its exit status.
int run(const std::vector<std::string>& arguments);

}  // namespace inspect
