#pragma once

#include "program.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/loop/driver/simulated.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace order_fuzzer {

/// What programs throw themselves.
class UserError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

using Ints = std::vector<int>;
using Results = std::vector<asyncio::Result<int>>;
using Nested = std::vector<Ints>;

/// Whatever a program can hold in a slot. The type says what it is: only `create_future` makes a Promise.
struct Promise : asyncio::Future<int> {
    explicit Promise(asyncio::Future<int> future) : asyncio::Future<int>(std::move(future)) {}
};
using AnyKind = std::variant<Promise, asyncio::Future<int>, asyncio::Task<int>, asyncio::Future<Ints>,
                             asyncio::Future<Results>, asyncio::Future<Nested>>;

/// How a block ended: with a value when it executed `return`.
using Flow = std::optional<int>;

/// One execution of a body.
struct Run {
    Run(int id, int task) : name("r" + std::to_string(id)), id(id), task(task) {}

    std::string name;
    int id;
    int task;  ///< the object number of the task that executes it
    std::vector<asyncio::Timeout*> timeouts;
    std::vector<asyncio::TaskGroup*> groups;
};

[[nodiscard]] std::string describe(const std::exception_ptr& error);
[[nodiscard]] std::string format(int value);
[[nodiscard]] std::string format(const Ints& values);
[[nodiscard]] std::string format(const Results& values);
[[nodiscard]] std::string format(const Nested& values);

/// One program while it runs, on a loop of its own with a virtual clock. What it does is written to `trace()`, line by
/// line; `twin.py` has the same class over CPython's asyncio, function by function.
class World {
public:
    explicit World(const Node& program);
    ~World();

    /// Runs the program to its end.
    void run();
    [[nodiscard]] const std::string& trace() const { return trace_; }

private:
    class Waiting;

    void say(std::string_view who, std::string_view text);
    void report(const asyncio::ExceptionContext& context);
    void cancel_all(const std::string& message);
    void print_end();

    // --- objects: futures and tasks, numbered in the order of their coming ---
    int new_number();
    int enter(AnyKind object);
    int enter_as(int number, AnyKind object);
    [[nodiscard]] bool alive(int number) const { return number >= 0 && objects_.at(number).has_value(); }
    [[nodiscard]] int slot(const Node& slot) const { return slots_.at(static_cast<std::size_t>(slot.number())); }
    void fill(const Node& slot, int number) { slots_.at(static_cast<std::size_t>(slot.number())) = number; }
    [[nodiscard]] AnyKind& object(int number) { return *objects_.at(static_cast<std::size_t>(number)); }
    [[nodiscard]] asyncio::AnyFuture& any(int number);
    [[nodiscard]] int number_of(const asyncio::AnyFuture& future) const;
    [[nodiscard]] bool leads_to(int from, int to) const;
    [[nodiscard]] std::string state_of(int number);
    /// Numbers of the objects in these slots; `integers`: only those whose result is an int.
    [[nodiscard]] std::vector<int> numbers(const Node& instruction, std::size_t first, bool integers = false);
    [[nodiscard]] asyncio::Future<int> integer(int number);

    // --- instructions that need no task; false when it is none of them ---
    bool execute(const std::string& who, const Node& instruction);
    void execute_all(const std::string& who, const Node& instructions, std::size_t first);
    bool execute_on_object(const std::string& who, const Node& instruction);
    bool make_object(const std::string& who, const Node& instruction);
    void set_future(const std::string& who, const Node& instruction);
    void uncancel(const std::string& who, const Node& instruction);
    void add_callback(const Node& instruction);
    void remove_callback(const std::string& who, const Node& instruction);
    void spawn(const std::string& who, const Node& instruction);
    void spawn_in(const std::string& who, asyncio::TaskGroup& group, const Node& slot, const Node& body);
    void gather(const std::string& who, const Node& instruction);
    void gather_gathers(const Node& instruction);
    void shield(const std::string& who, const Node& instruction);

    // --- bodies ---
    std::optional<Run> new_run(std::string_view who, int task);
    asyncio::Coro<int> body(int index, Run run);
    asyncio::Coro<Flow> block(Run& run, const Node& instructions);
    asyncio::Coro<Flow> step(Run& run, const Node& instruction);
    asyncio::Coro<Flow> repeat(Run& run, const Node& instruction);
    asyncio::Coro<Flow> with_try(Run& run, const Node& instruction);
    asyncio::Coro<Flow> with_timeout(Run& run, const Node& instruction);
    asyncio::Coro<Flow> with_group(Run& run, const Node& instruction);
    asyncio::Coro<> sleep(Run& run, const Node& instruction);
    asyncio::Coro<> call(Run& run, const Node& instruction);
    asyncio::Coro<> await_object(Run& run, const Node& instruction);
    asyncio::Coro<> wait(Run& run, const Node& instruction);
    asyncio::Coro<> as_completed(Run& run, const Node& instruction);
    asyncio::Coro<> results_as_completed(Run& run, const Node& instruction);
    bool execute_in_task(Run& run, const Node& instruction);
    /// Awaits `coroutine`, writes how it ended, and lets its exception out.
    asyncio::Coro<> observe(Run& run, std::string what, asyncio::Coro<std::string> coroutine);

    asyncio::SimulatedDriver* driver_;
    asyncio::EventLoop loop_;
    asyncio::Clock::time_point start_;
    const Node& program_;
    std::string trace_;
    std::size_t lines_ = 0;
    int runs_ = 0;
    std::array<int, 8> slots_{};
    std::vector<std::optional<AnyKind>> objects_;
    std::vector<std::vector<int>> awaits_;  // for each object, whom it waits for
    struct Callback {
        int object;
        asyncio::DoneCallbackId id;
    };
    std::vector<Callback> callbacks_;
    std::vector<asyncio::Handle> handles_;
    std::vector<std::unique_ptr<asyncio::TaskGroup>> groups_;
};

}  // namespace order_fuzzer
