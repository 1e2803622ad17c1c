#include "report.hpp"

#include <charconv>
#include <cstdio>
#include <limits>
#include <optional>

namespace inspect {

namespace {

constexpr const char* usage =
    "usage: asyncio ps [--retries N] PID\n"
    "       asyncio pstree [--retries N] PID\n"
    "\n"
    "Looks at the tasks of a running program that uses asyncio: which there are, where each is suspended and who "
    "waits\n"
    "for it. The program is not stopped.\n"
    "\n"
    "  ps          a table, one line for each task and each of those that wait for it\n"
    "  pstree      a tree, those that wait above what they wait for\n"
    "  --retries   how often to look again when the tasks change meanwhile (default 3)\n";

std::optional<int> number(const std::string& text) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
    return value;
}

int print(const std::string& text, std::FILE* file, int status) {
    std::fputs(text.c_str(), file);
    return status;
}

}  // namespace

int run(const std::vector<std::string>& arguments) {
    if (arguments.size() == 1 && (arguments[0] == "--help" || arguments[0] == "-h")) return print(usage, stdout, 0);
    std::vector<std::string> words = arguments;
    std::optional<int> retries = 3;
    if (words.size() == 4 && words[1] == "--retries") {
        retries = number(words[2]);
        words.erase(words.begin() + 1, words.begin() + 3);
    }
    const bool known = words.size() == 2 && (words[0] == "ps" || words[0] == "pstree");
    const std::optional<int> process = known ? number(words[1]) : std::nullopt;
    if (!process || *process == 0 || !retries) return print(usage, stderr, 2);
    try {
        const std::vector<Task> tasks = read_tasks(Memory(*process), *retries);
        if (words[0] == "ps") return print(task_table(tasks), stdout, 0);
        const Tree tree = task_tree(tasks);
        return print(tree.text, tree.cyclic ? stderr : stdout, tree.cyclic ? 1 : 0);
    } catch (const std::exception& failure) {
        return print(std::string("asyncio: ") + failure.what() + "\n", stderr, 1);
    }
}

}  // namespace inspect
