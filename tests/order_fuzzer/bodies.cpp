// What only a task can do: bodies, their blocks, and everything that waits.

#include "world.hpp"

#include <algorithm>
#include <utility>

namespace order_fuzzer {

namespace {

/// "-" is no limit.
asyncio::TimeLimit limit_of(const Node& word) {
    if (word.word() == "-") return std::nullopt;
    return std::chrono::seconds(word.number());
}

template <class F>
asyncio::Coro<std::string> result_of(F future) {
    const auto value = co_await future;
    co_return format(value);
}

template <class F>
asyncio::Coro<std::string> result_within(F future, asyncio::TimeLimit limit) {
    const auto value = co_await asyncio::wait_for(future, limit);
    co_return format(value);
}

asyncio::Coro<std::string> result_of_body(asyncio::Coro<int> body) {
    const int value = co_await std::move(body);
    co_return format(value);
}

asyncio::Coro<std::string> result_of_body_within(asyncio::Coro<int> body, asyncio::TimeLimit limit) {
    const int value = co_await asyncio::wait_for(std::move(body), limit);
    co_return format(value);
}

asyncio::Coro<std::string> slept(int seconds) {
    co_await asyncio::sleep(std::chrono::seconds(seconds));
    co_return "";
}

template <class T>
class Entered {
public:
    Entered(std::vector<T*>& stack, T& top) : stack_(stack) { stack_.push_back(&top); }
    Entered(const Entered&) = delete;
    Entered& operator=(const Entered&) = delete;
    ~Entered() { stack_.pop_back(); }

private:
    std::vector<T*>& stack_;
};

/// Whether `(try KIND …)` handles this way of ending.
bool handles(const std::string& kind, const std::exception_ptr& error) {
    if (kind == "fin") return true;
    if (!error) return false;
    if (kind == "any") return true;
    return (kind == "ce") == asyncio::detail::is_cancelled_error(error);
}

}  // namespace

/// While a task waits for an object: so that a program never makes a ring of waits, which Python cannot cancel.
class World::Waiting {
public:
    Waiting(World& world, int task, int number) : world_(world), task_(static_cast<std::size_t>(task)) {
        world_.awaits_[task_] = {number};
    }
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;
    ~Waiting() { world_.awaits_[task_].clear(); }

private:
    World& world_;
    std::size_t task_;
};

asyncio::Coro<int> World::body(int index, Run run) {
    say(run.name, "start b" + std::to_string(index));
    std::exception_ptr error;
    Flow flow;
    try {
        flow = co_await block(run, program_[static_cast<std::size_t>(index) + 2]);
    } catch (...) {
        error = std::current_exception();
    }
    if (error) {
        say(run.name, "end " + describe(error));
        std::rethrow_exception(error);
    }
    const int value = flow.value_or(run.id);
    say(run.name, "end " + std::to_string(value));
    co_return value;
}

asyncio::Coro<Flow> World::block(Run& run, const Node& instructions) {
    for (const Node& instruction : instructions.items()) {
        const Flow flow = co_await step(run, instruction);
        if (flow) co_return flow;
    }
    co_return std::nullopt;
}

asyncio::Coro<Flow> World::step(Run& run, const Node& instruction) {
    const std::string& name = instruction.name();
    if (name == "return") co_return instruction[1].number();
    if (name == "repeat") co_return co_await repeat(run, instruction);
    if (name == "try") co_return co_await with_try(run, instruction);
    if (name == "timeout") co_return co_await with_timeout(run, instruction);
    if (name == "group") co_return co_await with_group(run, instruction);
    if (name == "sleep") {
        co_await sleep(run, instruction);
    } else if (name == "call" || name == "callin") {
        co_await call(run, instruction);
    } else if (name == "await" || name == "awaitin") {
        co_await await_object(run, instruction);
    } else if (name == "wait") {
        co_await wait(run, instruction);
    } else if (name == "completed") {
        co_await as_completed(run, instruction);
    } else if (name == "results") {
        co_await results_as_completed(run, instruction);
    } else if (!execute_in_task(run, instruction) && !execute(run.name, instruction)) {
        throw std::invalid_argument("no such instruction: " + name);
    }
    co_return std::nullopt;
}

bool World::execute_in_task(Run& run, const Node& instruction) {
    const std::string& name = instruction.name();
    const asyncio::AnyTask task = *asyncio::current_task();
    if (name == "raisece") throw asyncio::CancelledError(instruction[1].word());
    if (name == "cancelself") {
        task.cancel(instruction[1].word());
    } else if (name == "uncancelself") {
        say(run.name, "uncancel self " + std::to_string(task.uncancel()));
    } else if (name == "cancelling") {
        say(run.name, "cancelling " + std::to_string(task.cancelling()));
    } else if (name == "reschedule") {
        if (run.timeouts.empty()) return true;
        std::optional<asyncio::Clock::time_point> when;
        if (const auto delay = limit_of(instruction[1])) when = loop_.time() + *delay;
        run.timeouts.back()->reschedule(when);
    } else if (name == "tspawn") {
        if (!run.groups.empty()) spawn_in(run.name, *run.groups.back(), instruction[1], instruction[2]);
    } else {
        return false;
    }
    return true;
}

asyncio::Coro<Flow> World::repeat(Run& run, const Node& instruction) {
    for (int i = 0; i < instruction[1].number(); ++i) {
        const Flow flow = co_await block(run, instruction[2]);
        if (flow) co_return flow;
    }
    co_return std::nullopt;
}

/// (try KIND BLOCK HANDLER swallow|reraise)
asyncio::Coro<Flow> World::with_try(Run& run, const Node& instruction) {
    std::exception_ptr error;
    Flow flow;
    try {
        flow = co_await block(run, instruction[2]);
    } catch (...) {
        error = std::current_exception();
    }
    const std::string& kind = instruction[1].word();
    if (handles(kind, error)) {
        say(run.name, kind + " " + (error ? describe(error) : "ok"));
        const Flow handled = co_await block(run, instruction[3]);
        if (handled) co_return handled;
        if (instruction[4].word() == "swallow") co_return std::nullopt;
    }
    if (error) std::rethrow_exception(error);
    co_return flow;
}

/// (timeout DELAY|- BLOCK)
asyncio::Coro<Flow> World::with_timeout(Run& run, const Node& instruction) {
    asyncio::Timeout limit = asyncio::timeout(limit_of(instruction[1]));
    Flow flow;
    std::exception_ptr error;
    auto body = [&](asyncio::Timeout& entered) -> asyncio::Coro<> {
        const Entered<asyncio::Timeout> top(run.timeouts, entered);
        flow = co_await block(run, instruction[2]);
    };
    try {
        co_await asyncio::async_with(limit, body);
    } catch (...) {
        error = std::current_exception();
    }
    say(run.name, std::string("timeout ") + (limit.expired() ? "expired " : "") + (error ? describe(error) : "ok"));
    if (error) std::rethrow_exception(error);
    co_return flow;
}

/// (group BLOCK)
asyncio::Coro<Flow> World::with_group(Run& run, const Node& instruction) {
    groups_.push_back(std::make_unique<asyncio::TaskGroup>());
    asyncio::TaskGroup& group = *groups_.back();
    Flow flow;
    std::exception_ptr error;
    auto body = [&](asyncio::TaskGroup& entered) -> asyncio::Coro<> {
        const Entered<asyncio::TaskGroup> top(run.groups, entered);
        flow = co_await block(run, instruction[1]);
        say(run.name, "group exit");
    };
    try {
        co_await asyncio::async_with(group, body);
    } catch (...) {
        error = std::current_exception();
    }
    say(run.name, "group " + (error ? describe(error) : "ok"));
    if (error) std::rethrow_exception(error);
    co_return flow;
}

asyncio::Coro<> World::observe(Run& run, std::string what, asyncio::Coro<std::string> coroutine) {
    std::exception_ptr error;
    std::string text;
    try {
        text = co_await std::move(coroutine);
    } catch (...) {
        error = std::current_exception();
        text = describe(error);
    }
    say(run.name, what + " -> " + text);
    if (error) std::rethrow_exception(error);
}

asyncio::Coro<> World::sleep(Run& run, const Node& instruction) {
    co_await observe(run, "sleep", slept(instruction[1].number()));
}

/// (call BODY), (callin BODY LIMIT|-): through wait_for
asyncio::Coro<> World::call(Run& run, const Node& instruction) {
    std::optional<Run> child = new_run(run.name, run.task);
    if (!child) co_return;
    const std::string what = instruction.name() + " " + child->name;
    auto coroutine = body(instruction[1].number(), std::move(*child));
    auto result = instruction.name() == "call" ? result_of_body(std::move(coroutine))
                                               : result_of_body_within(std::move(coroutine), limit_of(instruction[2]));
    co_await observe(run, what, std::move(result));
}

/// (await SLOT), (awaitin SLOT LIMIT|-): through wait_for
asyncio::Coro<> World::await_object(Run& run, const Node& instruction) {
    const std::string& name = instruction.name();
    const int number = slot(instruction[1]);
    const std::string what = name + " o" + std::to_string(number);
    const bool itself = name == "await" && number == run.task;
    if (!alive(number) || (!itself && leads_to(number, run.task))) {
        say(run.name, what + " not");
        co_return;
    }
    const Waiting waiting(*this, run.task, number);
    const auto start = [&](auto& future) {
        return name == "await" ? result_of(future) : result_within(future, limit_of(instruction[2]));
    };
    say(run.name, what);
    auto result = std::visit(start, object(number));
    co_await observe(run, what, std::move(result));
}

/// (wait first|exception|all LIMIT|- SLOT…)
asyncio::Coro<> World::wait(Run& run, const Node& instruction) {
    std::vector<asyncio::AnyFuture> futures;
    for (const int number : numbers(instruction, 3)) futures.push_back(any(number));
    asyncio::WaitOptions options;
    options.timeout = limit_of(instruction[2]);
    const std::string& when = instruction[1].word();
    if (when == "first") options.return_when = asyncio::FIRST_COMPLETED;
    if (when == "exception") options.return_when = asyncio::FIRST_EXCEPTION;
    auto wait_for_them = [&]() -> asyncio::Coro<std::string> {
        const auto [done, pending] = co_await asyncio::wait(futures, options);
        const auto names = [this](const std::vector<asyncio::AnyFuture>& group) {
            std::vector<int> sorted;
            for (const asyncio::AnyFuture& future : group) sorted.push_back(number_of(future));
            std::ranges::sort(sorted);
            return format(sorted);
        };
        co_return "done " + names(done) + " pending " + names(pending);
    };
    auto coroutine = wait_for_them();
    co_await observe(run, "wait", std::move(coroutine));
}

/// (completed LIMIT|- COUNT SLOT…): at most COUNT items of as_completed, the futures themselves
asyncio::Coro<> World::as_completed(Run& run, const Node& instruction) {
    std::vector<asyncio::AnyFuture> futures;
    for (const int number : numbers(instruction, 3)) futures.push_back(any(number));
    asyncio::AsCompletedOptions options;
    options.timeout = limit_of(instruction[1]);
    auto completed = asyncio::as_completed(futures, options);
    bool more = true;
    for (int i = 0; more && i < instruction[2].number(); ++i) {
        auto take = [&]() -> asyncio::Coro<std::string> {
            const auto future = co_await completed.next();
            more = future.has_value();
            co_return more ? "o" + std::to_string(number_of(*future)) : "none";
        };
        auto coroutine = take();
        co_await observe(run, "completed", std::move(coroutine));
    }
}

/// (results LIMIT|- COUNT SLOT…): the same, their results
asyncio::Coro<> World::results_as_completed(Run& run, const Node& instruction) {
    std::vector<asyncio::Future<int>> futures;
    for (const int number : numbers(instruction, 3, true)) futures.push_back(integer(number));
    asyncio::AsCompletedOptions options;
    options.timeout = limit_of(instruction[1]);
    int left = instruction[2].number();
    for (auto next : asyncio::as_completed(futures, options)) {
        if (left-- == 0) break;
        auto coroutine = result_of_body(std::move(next));
        co_await observe(run, "results", std::move(coroutine));
    }
}

}  // namespace order_fuzzer
