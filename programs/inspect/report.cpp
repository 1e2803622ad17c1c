#include "report.hpp"

#include <asyncio/base/hexadecimal.hpp>

#include <algorithm>
#include <array>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace inspect {

namespace {

constexpr std::size_t most_repetitions = 10'000;  // of tasks that several others await
constexpr std::size_t deepest_level = 1000;       // text grows with the square of the depth

using asyncio::detail::hexadecimal;

std::string functions_of(const std::vector<Frame>& stack) {
    std::string text;
    for (const Frame& frame : stack) text += (text.empty() ? "" : " -> ") + frame.function;
    return text;
}

using Row = std::array<std::string, 7>;

/// Columns as wide as their widest cell, and not narrower than Python's.
std::string aligned(const std::vector<Row>& rows) {
    Row::size_type column = 0;
    std::array<std::size_t, std::tuple_size_v<Row>> widths{10, 20, 20, 50, 50, 15, 15};
    for (std::size_t& width : widths) {
        for (const Row& row : rows) width = std::max(width, row[column].size());
        ++column;
    }
    std::string text;
    for (const Row& row : rows) {
        std::string line;
        for (column = 0; column < row.size(); ++column) {
            if (column > 0) line += ' ';
            line += row[column];
            line.append(widths[column] - row[column].size(), ' ');
        }
        text += line + '\n';
        if (&row == rows.data()) text += std::string(line.size(), '-') + '\n';
    }
    return text;
}

/// Which tasks a task waits for, by their index.
using Awaits = std::vector<std::vector<std::size_t>>;

class Forest {
public:
    explicit Forest(const std::vector<Task>& tasks) : tasks_(tasks), awaits_(tasks.size()), awaited_(tasks.size()) {
        std::unordered_map<std::uint64_t, std::size_t> index_of;
        for (std::size_t i = 0; i < tasks.size(); ++i) index_of.emplace(tasks[i].id, i);
        for (std::size_t i = 0; i < tasks.size(); ++i) {
            for (const std::uint64_t id : tasks[i].awaited_by) {
                awaits_[index_of.at(id)].push_back(i);
                awaited_[i] = true;
            }
        }
    }

    /// The rings of tasks that wait for each other, as their names; depth first, on a stack of our own.
    [[nodiscard]] std::vector<std::string> cycles() const {
        std::vector<std::string> found;
        std::vector<std::size_t> position(tasks_.size(), not_on_path);
        std::vector<bool> finished(tasks_.size());
        std::vector<std::pair<std::size_t, std::size_t>> path;  // a task, and its next child
        for (std::size_t start = 0; start < tasks_.size(); ++start) {
            if (!finished[start]) enter(start, path, position);
            while (!path.empty()) {
                auto& [task, next] = path.back();
                if (next == awaits_[task].size()) {
                    finished[task] = true;
                    position[task] = not_on_path;
                    path.pop_back();
                    continue;
                }
                const std::size_t child = awaits_[task][next++];
                if (position[child] != not_on_path) {
                    std::string names;
                    for (std::size_t i = position[child]; i < path.size(); ++i)
                        names += tasks_[path[i].first].name + " → ";
                    found.push_back(names + tasks_[child].name);
                } else if (!finished[child]) {
                    enter(child, path, position);
                }
            }
        }
        return found;
    }

    [[nodiscard]] std::string text() const {
        std::string text;
        struct Entry {
            std::size_t task;
            std::string prefix;
            bool last;
            std::size_t level;
        };
        std::vector<Entry> open;  // to be printed, the next one at the end
        std::vector<bool> printed(tasks_.size());
        std::size_t repetitions = 0;
        for (std::size_t i = tasks_.size(); i > 0; --i)
            if (!awaited_[i - 1]) open.push_back({i - 1, "", true, 0});
        while (!open.empty()) {
            const Entry entry = std::move(open.back());
            open.pop_back();
            const Task& task = tasks_[entry.task];
            text += entry.prefix + (entry.last ? "└── " : "├── ") + "(T) " + task.name + '\n';
            std::string prefix = entry.prefix + (entry.last ? "    " : "│   ");
            if (entry.level >= deepest_level) {
                text += prefix + "…\n";
                continue;
            }
            // Tasks that are awaited by several others stand under each of them; but not without end.
            if (printed[entry.task] && ++repetitions > most_repetitions) {
                text += prefix + "(see above)\n";
                continue;
            }
            printed[entry.task] = true;
            for (std::size_t i = task.stack.size(); i > 0; --i) {
                const Frame& frame = task.stack[i - 1];
                text += prefix + "└──  " + frame.function + " " + frame.file + ":" + std::to_string(frame.line) + '\n';
                prefix += "    ";
            }
            const auto& children = awaits_[entry.task];
            for (std::size_t i = children.size(); i > 0; --i)
                open.push_back({children[i - 1], prefix, i == children.size(), entry.level + 1 + task.stack.size()});
        }
        return text;
    }

private:
    static constexpr std::size_t not_on_path = static_cast<std::size_t>(-1);

    static void enter(std::size_t task, std::vector<std::pair<std::size_t, std::size_t>>& path,
                      std::vector<std::size_t>& position) {
        position[task] = path.size();
        path.emplace_back(task, 0);
    }

    const std::vector<Task>& tasks_;
    Awaits awaits_;
    std::vector<bool> awaited_;
};

}  // namespace

std::string task_table(const std::vector<Task>& tasks) {
    std::unordered_map<std::uint64_t, const Task*> by_id;
    for (const Task& task : tasks) by_id.emplace(task.id, &task);
    std::vector<Row> rows{
        {"tid", "task id", "task name", "coroutine stack", "awaiter chain", "awaiter name", "awaiter id"}};
    for (const Task& task : tasks) {
        const std::string thread = std::to_string(task.thread);
        const std::string stack = functions_of(task.stack);
        if (task.awaited_by.empty()) rows.push_back({thread, hexadecimal(task.id), task.name, stack, "", "", "0x0"});
        for (const std::uint64_t id : task.awaited_by) {
            const Task& awaiter = *by_id.at(id);
            rows.push_back({thread, hexadecimal(task.id), task.name, stack, functions_of(awaiter.stack), awaiter.name,
                            hexadecimal(id)});
        }
    }
    return aligned(rows);
}

Tree task_tree(const std::vector<Task>& tasks) {
    const Forest forest(tasks);
    const std::vector<std::string> cycles = forest.cycles();
    if (cycles.empty()) return {forest.text(), false};
    std::string text = "ERROR: await-graph contains cycles - cannot print a tree!\n\n";
    for (const std::string& cycle : cycles) text += "cycle: " + cycle + '\n';
    return {text, true};
}

}  // namespace inspect
