// The instructions that run in callbacks as well as in tasks.

#include "world.hpp"

#include <utility>

namespace order_fuzzer {

namespace {

/// "-" is no message.
std::string_view message(const Node& word) {
    return word.word() == "-" ? std::string_view() : std::string_view(word.word());
}

}  // namespace

bool World::execute(const std::string& who, const Node& instruction) {
    const std::string& name = instruction.name();
    if (name == "say") {
        say(who, "say " + instruction[1].word());
    } else if (name == "raise") {
        throw UserError(instruction[1].word());
    } else if (name == "soon") {
        const std::string callback = "h" + std::to_string(handles_.size());
        handles_.push_back(loop_.call_soon([this, callback, &instruction] { execute_all(callback, instruction, 1); }));
    } else if (name == "later") {
        const std::string callback = "h" + std::to_string(handles_.size());
        handles_.push_back(loop_.call_later(std::chrono::seconds(instruction[1].number()),
                                            [this, callback, &instruction] { execute_all(callback, instruction, 2); }));
    } else if (name == "hcancel") {
        const auto number = static_cast<std::size_t>(instruction[1].number());
        if (number < handles_.size()) handles_[number].cancel();
    } else if (name == "rmcb") {
        remove_callback(who, instruction);
    } else if (name == "tasks") {
        say(who, "tasks " + std::to_string(asyncio::all_tasks().size()));
    } else {
        return make_object(who, instruction) || execute_on_object(who, instruction);
    }
    return true;
}

void World::execute_all(const std::string& who, const Node& instructions, std::size_t first) {
    say(who, "run");
    for (std::size_t i = first; i < instructions.items().size(); ++i) execute(who, instructions[i]);
}

bool World::execute_on_object(const std::string& who, const Node& instruction) {
    const std::string& name = instruction.name();
    if (name != "set" && name != "fail" && name != "failce" && name != "cancel" && name != "uncancel" &&
        name != "probe" && name != "cb")
        return false;
    const int number = slot(instruction[1]);
    if (!alive(number)) {
        say(who, name + " nothing");
    } else if (name == "cancel") {
        const bool accepted = any(number).cancel(message(instruction[2]));
        say(who, "cancel o" + std::to_string(number) + " " + std::to_string(static_cast<int>(accepted)));
    } else if (name == "uncancel") {
        uncancel(who, instruction);
    } else if (name == "probe") {
        say(who, "probe " + state_of(number));
    } else if (name == "cb") {
        add_callback(instruction);
    } else {
        set_future(who, instruction);
    }
    return true;
}

void World::set_future(const std::string& who, const Node& instruction) {
    const int number = slot(instruction[1]);
    const std::string what = instruction.name() + " o" + std::to_string(number);
    AnyKind& kind = object(number);
    try {
        // The futures of gather and shield are not for others to set.
        if (kind.index() > 2 || kind.index() == 1) return say(who, what + " not");
        asyncio::Future<int> future = integer(number);
        if (instruction.name() == "set") {
            future.set_result(instruction[2].number());
        } else if (instruction.name() == "fail") {
            future.set_exception(UserError(instruction[2].word()));
        } else {
            future.set_exception(asyncio::CancelledError(instruction[2].word()));
        }
        say(who, what);
    } catch (const std::exception&) {
        say(who, what + " " + describe(std::current_exception()));
    }
}

void World::uncancel(const std::string& who, const Node& instruction) {
    const int number = slot(instruction[1]);
    if (const auto* task = std::get_if<asyncio::Task<int>>(&object(number)))
        say(who, "uncancel o" + std::to_string(number) + " " + std::to_string(task->uncancel()));
}

void World::add_callback(const Node& instruction) {
    const int number = slot(instruction[1]);
    const std::string who = "c" + std::to_string(callbacks_.size());
    const auto add = [&](auto& future) {
        return future.add_done_callback([this, who, &instruction](const auto&) { execute_all(who, instruction, 2); });
    };
    callbacks_.push_back({number, std::visit(add, object(number))});
}

void World::remove_callback(const std::string& who, const Node& instruction) {
    const auto index = static_cast<std::size_t>(instruction[1].number());
    if (index >= callbacks_.size()) return;
    const std::size_t removed = any(callbacks_[index].object).remove_done_callback(callbacks_[index].id);
    say(who, "rmcb " + std::to_string(removed));
}

bool World::make_object(const std::string& who, const Node& instruction) {
    const std::string& name = instruction.name();
    if (name == "future") {
        fill(instruction[1], enter(Promise(loop_.create_future<int>())));
    } else if (name == "spawn" || name == "eager") {
        spawn(who, instruction);
    } else if (name == "gspawn") {
        const auto group = static_cast<std::size_t>(instruction[1].number());
        if (group < groups_.size()) spawn_in(who, *groups_[group], instruction[2], instruction[3]);
    } else if (name == "gather") {
        gather(who, instruction);
    } else if (name == "gatherg") {
        gather_gathers(instruction);
    } else if (name == "shield" || name == "shieldb") {
        shield(who, instruction);
    } else {
        return false;
    }
    return true;
}

std::optional<Run> World::new_run(std::string_view who, int task) {
    constexpr int max_runs = 60;  // in all; twin.py has the same number
    if (runs_ == max_runs) {
        say(who, "over");
        return std::nullopt;
    }
    return Run(runs_++, task);
}

void World::spawn(const std::string& who, const Node& instruction) {
    const int number = new_number();
    std::optional<Run> run = new_run(who, number);
    if (!run) return;
    say(who, instruction.name() + " o" + std::to_string(number) + " " + run->name);
    asyncio::TaskOptions options;
    if (instruction.name() == "eager") options.eager_start = true;
    fill(instruction[1], enter_as(number, loop_.create_task(body(instruction[2].number(), std::move(*run)), options)));
}

void World::spawn_in(const std::string& who, asyncio::TaskGroup& group, const Node& slot, const Node& index) {
    const int number = new_number();
    std::optional<Run> run = new_run(who, number);
    if (!run) return;
    const std::string what = "gspawn o" + std::to_string(number) + " " + run->name;
    try {
        fill(slot, enter_as(number, group.create_task(body(index.number(), std::move(*run)))));
        say(who, what);
    } catch (const asyncio::RuntimeError&) {
        say(who, what + " RuntimeError");
    }
}

/// (gather SLOT 0|1 ARGUMENT…), where an argument is the number of a slot or (BODY).
void World::gather(const std::string& who, const Node& instruction) {
    std::vector<asyncio::Coro<int>> coroutines;
    std::vector<asyncio::Future<int>> futures;
    std::vector<int> children;
    bool only_coroutines = true;
    for (std::size_t i = 3; i < instruction.items().size(); ++i)
        if (instruction[i].items().empty()) only_coroutines = false;
    for (std::size_t i = 3; i < instruction.items().size(); ++i) {
        const Node& argument = instruction[i];
        if (argument.items().empty()) {
            const int number = slot(argument);
            if (!alive(number) || object(number).index() > 2) continue;
            futures.push_back(integer(number));
            children.push_back(number);
            continue;
        }
        const int number = new_number();
        std::optional<Run> run = new_run(who, number);
        if (!run) continue;
        children.push_back(number);
        auto coroutine = body(argument[0].number(), std::move(*run));
        if (only_coroutines) {
            coroutines.push_back(std::move(coroutine));
        } else {
            futures.push_back(asyncio::ensure_future(std::move(coroutine)));
        }
    }
    const bool exceptions = instruction[2].number() != 0;
    int number;
    if (only_coroutines && exceptions) {
        number = enter(asyncio::gather(std::move(coroutines), asyncio::return_exceptions));
    } else if (only_coroutines) {
        number = enter(asyncio::gather(std::move(coroutines)));
    } else if (exceptions) {
        number = enter(asyncio::gather(futures, asyncio::return_exceptions));
    } else {
        number = enter(asyncio::gather(futures));
    }
    awaits_[static_cast<std::size_t>(number)] = std::move(children);
    fill(instruction[1], number);
    say(who, "gather o" + std::to_string(number));
}

/// (gatherg SLOT SLOT…): of the gatherings among these.
void World::gather_gathers(const Node& instruction) {
    std::vector<asyncio::Future<Ints>> futures;
    std::vector<int> children;
    for (const int number : numbers(instruction, 2)) {
        const auto* future = std::get_if<asyncio::Future<Ints>>(&object(number));
        if (future == nullptr) continue;
        futures.push_back(*future);
        children.push_back(number);
    }
    const int number = enter(asyncio::gather(futures));
    awaits_[static_cast<std::size_t>(number)] = std::move(children);
    fill(instruction[1], number);
}

/// (shield SLOT SLOT), (shieldb SLOT BODY)
void World::shield(const std::string& who, const Node& instruction) {
    if (instruction.name() == "shieldb") {
        std::optional<Run> run = new_run(who, new_number());
        if (!run) return;
        fill(instruction[1], enter(asyncio::shield(body(instruction[2].number(), std::move(*run)))));
        return;
    }
    const int inner = slot(instruction[2]);
    if (!alive(inner)) return;
    const auto make = [](auto& future) -> AnyKind { return asyncio::shield(future); };
    fill(instruction[1], enter(std::visit(make, object(inner))));
}

}  // namespace order_fuzzer
