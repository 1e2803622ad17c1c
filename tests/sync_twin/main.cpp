// Runs the programs that it reads, one a line, on our primitives, and writes what each of them did. The twin of
// twin.py, function by function: whoever changes one changes the other.

#include <asyncio/asyncio.hpp>
#include <asyncio/testing/run_virtual.hpp>

#include <chrono>
#include <exception>
#include <iostream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using asyncio::Coro;

Coro<> turns(int count) {
    for (int i = 0; i < count; ++i) co_await asyncio::sleep(std::chrono::seconds(0));
}

/// `async with`: as a guard, but a release that fails throws, as in Python.
template <class L, class Body>
Coro<std::string> with(L& lock, Body& body) {
    co_await lock.acquire();
    std::string result;
    std::exception_ptr error;
    try {
        result = co_await body();
    } catch (...) {
        error = std::current_exception();
    }
    lock.release();
    if (error) std::rethrow_exception(error);
    co_return result;
}

/// One word of a program, such as s:1:2.
struct Step {
    char verb;
    int a = 0;
    int b = 0;
};

/// A primitive under test: what a task does with it, what is done to it at once, and how it looks.
class Subject {
public:
    virtual ~Subject() = default;
    virtual Coro<std::string> act(char verb, int number) = 0;
    virtual std::string command(char verb, int number) = 0;
    [[nodiscard]] virtual std::string state() const = 0;
};

template <class L>
class LockLike : public Subject {
public:
    template <class... Args>
    explicit LockLike(Args... args) : lock(args...) {}
    Coro<std::string> act(char, int keep) override {
        const auto body = [&]() -> Coro<std::string> {
            if (keep == 3) co_return "passed";
            co_await turns(keep);
            co_return "had";
        };
        co_return co_await with(lock, body);
    }
    std::string command(char, int) override {
        lock.release();
        return "released";
    }
    [[nodiscard]] std::string state() const override { return lock.locked() ? "locked" : "free"; }
    L lock;
};

class EventSubject final : public Subject {
public:
    Coro<std::string> act(char, int) override {
        co_await event.wait();
        co_return event.is_set() ? "set" : "unset";
    }
    std::string command(char verb, int) override {
        verb == 'r' ? event.set() : event.clear();
        return "done";
    }
    [[nodiscard]] std::string state() const override { return event.is_set() ? "set" : "unset"; }
    asyncio::Event event;
};

class ConditionSubject final : public Subject {
public:
    Coro<std::string> act(char verb, int number) override {
        const auto body = [&]() -> Coro<std::string> {
            if (verb == 't') {
                condition.notify(number);
                co_await turns(number);
                co_return "notified";
            }
            if (number == 3) {
                co_await condition.wait_for([&] { return flag; });
            } else {
                co_await condition.wait();
            }
            co_await turns(number == 3 ? 0 : number);
            co_return condition.locked() ? "woken" : "unlocked";
        };
        co_return co_await with(condition, body);
    }
    std::string command(char verb, int number) override {
        if (verb == 'x') {
            flag = !flag;
        } else if (verb == 'r') {
            condition.release();
        } else {
            condition.notify(number);
        }
        return "done";
    }
    [[nodiscard]] std::string state() const override { return condition.locked() ? "locked" : "free"; }
    asyncio::Condition condition;
    bool flag = false;
};

class BarrierSubject final : public Subject {
public:
    explicit BarrierSubject(int parties) : barrier(parties) {}
    Coro<std::string> act(char verb, int) override {
        if (verb == 'j') {
            co_await barrier.reset();
            co_return "reset";
        }
        if (verb == 't') {
            co_await barrier.abort();
            co_return "aborted";
        }
        const auto index = co_await barrier.wait();
        co_return std::to_string(index);
    }
    std::string command(char, int) override { return "none"; }
    [[nodiscard]] std::string state() const override {
        return std::to_string(barrier.n_waiting()) + (barrier.broken() ? "!" : "");
    }
    asyncio::Barrier barrier;
};

template <class Q>
class QueueSubject final : public Subject {
public:
    explicit QueueSubject(int maxsize) : queue(maxsize) {}
    Coro<std::string> act(char verb, int number) override {
        if (verb == 'j') {
            co_await queue.join();
            co_return "joined";
        }
        if (verb == 't') {
            co_await queue.put(number);
            co_return "put";
        }
        const int item = co_await queue.get();
        co_return std::to_string(item);
    }
    std::string command(char verb, int number) override {
        if (verb == 'p') queue.put_nowait(number);
        if (verb == 'x') return std::to_string(queue.get_nowait());
        if (verb == 'r') queue.task_done();
        if (verb == 'd') queue.shutdown({.immediate = number == 1});
        return "done";
    }
    [[nodiscard]] std::string state() const override {
        return std::to_string(queue.qsize()) + (queue.full() ? "f" : "") + "/" +
               std::to_string(queue.statistics().unfinished_tasks);
    }
    Q queue;
};

std::unique_ptr<Subject> make(const std::string& kind, int number) {
    if (kind == "lock") return std::make_unique<LockLike<asyncio::Lock>>();
    if (kind == "semaphore") return std::make_unique<LockLike<asyncio::Semaphore>>(number);
    if (kind == "bounded") return std::make_unique<LockLike<asyncio::BoundedSemaphore>>(number);
    if (kind == "event") return std::make_unique<EventSubject>();
    if (kind == "condition") return std::make_unique<ConditionSubject>();
    if (kind == "barrier") return std::make_unique<BarrierSubject>(number);
    if (kind == "queue") return std::make_unique<QueueSubject<asyncio::Queue<int>>>(number);
    if (kind == "priority") return std::make_unique<QueueSubject<asyncio::PriorityQueue<int>>>(number);
    if (kind == "lifo") return std::make_unique<QueueSubject<asyncio::LifoQueue<int>>>(number);
    throw std::invalid_argument(kind);
}

/// Python's name of the exception that is being handled.
std::string name_of_error() {
    try {
        throw;
    } catch (const asyncio::CancelledError& error) {
        return "CancelledError(" + error.message() + ")";
    } catch (const asyncio::BrokenBarrierError&) {
        return "BrokenBarrierError";
    } catch (const asyncio::QueueEmpty&) {
        return "QueueEmpty";
    } catch (const asyncio::QueueFull&) {
        return "QueueFull";
    } catch (const asyncio::QueueShutDown&) {
        return "QueueShutDown";
    } catch (const asyncio::RuntimeError&) {
        return "RuntimeError";
    } catch (const std::invalid_argument&) {
        return "ValueError";
    }
}

Coro<> actor(Subject& subject, std::vector<std::string>& trace, int name, char verb, int number) {
    std::string end;
    try {
        end = co_await subject.act(verb, number);
    } catch (...) {
        end = name_of_error();
    }
    trace.push_back(std::to_string(name) + " " + end + " [" + subject.state() + "]");
}

Coro<> run_steps(Subject& subject, const std::vector<Step>& steps, std::vector<std::string>& trace) {
    std::vector<asyncio::Task<void>> tasks;
    int ticks = 0;
    for (const Step& step : steps) {
        if (step.verb == 'y') {
            trace.push_back("tick " + std::to_string(++ticks));
            co_await turns(1);
        } else if (step.verb == 's' || step.verb == 't' || step.verb == 'j') {
            const int name = static_cast<int>(tasks.size());
            tasks.push_back(asyncio::create_task(actor(subject, trace, name, step.verb, step.a)));
        } else if (step.verb == 'c') {
            if (!tasks.empty())
                tasks[static_cast<std::size_t>(step.a) % tasks.size()].cancel("m" + std::to_string(step.b));
        } else {
            std::string end;
            try {
                end = subject.command(step.verb, step.a);
            } catch (...) {
                end = name_of_error();
            }
            trace.push_back(std::string(1, step.verb) + " " + end + " [" + subject.state() + "]");
        }
    }
    trace.push_back("end [" + subject.state() + "]");
    for (int round = 0; round < 3; ++round) {
        for (auto& task : tasks) task.cancel("end");
        co_await turns(4);
    }
    trace.push_back("over [" + subject.state() + "]");
}

void run_program(const std::string& line) {
    std::istringstream words(line);
    std::string kind;
    int number = 0;
    words >> kind >> number;
    std::vector<Step> steps;
    for (std::string word; words >> word;) {
        Step step{word[0]};
        std::istringstream numbers(word.substr(1));
        char colon = 0;
        numbers >> colon >> step.a >> colon >> step.b;
        steps.push_back(step);
    }
    std::vector<std::string> trace;
    asyncio::testing::run_virtual([&]() -> Coro<> {
        const auto subject = make(kind, number);
        co_await run_steps(*subject, steps, trace);
    });
    for (const std::string& entry : trace) std::cout << entry << '\n';
    std::cout << "--\n";
}

}  // namespace

int main() {
    for (std::string line; std::getline(std::cin, line);) run_program(line);
}
