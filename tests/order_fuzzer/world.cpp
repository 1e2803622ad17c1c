#include "world.hpp"

#include <algorithm>
#include <utility>

namespace order_fuzzer {

namespace {

constexpr std::size_t max_lines = 2000;
// When the program is told to end, for the last time, and when it is over.
constexpr std::array end_times{100, 110, 120};
constexpr int stop_time = 130;

}  // namespace

std::string describe(const std::exception_ptr& error) {
    if (const asyncio::BaseExceptionGroup* group = asyncio::as_exception_group(error)) {
        std::string text;
        for (const std::exception_ptr& member : group->exceptions())
            text += (text.empty() ? "" : ", ") + describe(member);
        return "Group[" + text + "]";
    }
    try {
        std::rethrow_exception(error);
    } catch (const UserError& user) {
        return std::string("UserError(") + user.what() + ")";
    } catch (const asyncio::CancelledError& cancelled) {
        return "CancelledError(" + cancelled.message() + ")";
    } catch (const asyncio::TimeoutError&) {
        return "TimeoutError";
    } catch (const asyncio::InvalidStateError&) {
        return "InvalidStateError";
    } catch (const asyncio::RuntimeError&) {
        return "RuntimeError";
    } catch (const std::invalid_argument&) {
        return "ValueError";
    } catch (const std::exception& other) {
        return std::string("? ") + other.what();
    } catch (...) {
        return "?";
    }
}

std::string format(int value) {
    return std::to_string(value);
}

namespace {

template <class Range, class Format>
std::string join(const Range& values, Format format_one) {
    std::string text;
    for (const auto& value : values) text += (text.empty() ? "" : ", ") + format_one(value);
    return "[" + text + "]";
}

}  // namespace

std::string format(const Ints& values) {
    return join(values, [](int value) { return format(value); });
}

std::string format(const Results& values) {
    return join(values, [](const asyncio::Result<int>& value) {
        return value.has_value() ? format(value.value()) : describe(value.exception());
    });
}

std::string format(const Nested& values) {
    return join(values, [](const Ints& value) { return format(value); });
}

World::World(const Node& program)
    : driver_(new asyncio::SimulatedDriver()),
      loop_(std::unique_ptr<asyncio::Driver>(driver_)),
      start_(loop_.time()),
      program_(program) {
    slots_.fill(-1);
    loop_.set_exception_handler(
        [this](asyncio::EventLoop&, const asyncio::ExceptionContext& context) { report(context); });
}

World::~World() {
    if (!loop_.is_closed()) loop_.close();
}

void World::run() {
    for (const int time : end_times)
        loop_.call_later(std::chrono::seconds(time), [this, time] { cancel_all("end" + std::to_string(time)); });
    loop_.call_later(std::chrono::seconds(stop_time), [this] { loop_.stop(); });
    slots_[0] = enter(Promise(loop_.create_future<int>()));
    slots_[1] = enter(Promise(loop_.create_future<int>()));
    const int main = new_number();
    slots_[2] = enter_as(main, loop_.create_task(body(0, *new_run("main", main))));
    loop_.run_forever();
    print_end();
    loop_.close();
}

void World::say(std::string_view who, std::string_view text) {
    if (++lines_ > max_lines) return;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(loop_.time() - start_).count();
    trace_ += std::to_string(driver_->waits_since_jump()) + " " + std::to_string(seconds) + " ";
    trace_ += who;
    trace_ += " ";
    trace_ += text;
    trace_ += "\n";
}

void World::report(const asyncio::ExceptionContext& context) {
    // The others depend on when an object dies, which Python does not promise.
    if (context.message.find("shielded future") != std::string::npos) {
        say("handler", "shielded " + describe(context.exception));
    } else if (context.message.find("allback") != std::string::npos) {
        say("handler", "callback " + describe(context.exception));
    }
}

void World::cancel_all(const std::string& message) {
    say("end", "cancel all");
    for (std::size_t i = 0; i < objects_.size(); ++i)
        if (objects_[i] && !any(static_cast<int>(i)).done()) any(static_cast<int>(i)).cancel(message);
}

void World::print_end() {
    for (std::size_t i = 0; i < objects_.size(); ++i) {
        if (!objects_[i]) continue;
        std::string text = state_of(static_cast<int>(i));
        if (const auto* task = std::get_if<asyncio::Task<int>>(&*objects_[i]))
            text += " cancelling " + std::to_string(task->cancelling());
        say("end", text);
    }
}

int World::new_number() {
    objects_.emplace_back();
    awaits_.emplace_back();
    return static_cast<int>(objects_.size()) - 1;
}

int World::enter(AnyKind object) {
    const int known = number_of(std::visit([](auto& future) -> asyncio::AnyFuture { return future; }, object));
    return known >= 0 ? known : enter_as(new_number(), std::move(object));
}

int World::enter_as(int number, AnyKind object) {
    objects_.at(static_cast<std::size_t>(number)).emplace(std::move(object));
    return number;
}

asyncio::AnyFuture& World::any(int number) {
    return std::visit([](auto& future) -> asyncio::AnyFuture& { return future; }, object(number));
}

int World::number_of(const asyncio::AnyFuture& future) const {
    for (std::size_t i = 0; i < objects_.size(); ++i) {
        const auto is_it = [&](const auto& object) { return static_cast<const asyncio::AnyFuture&>(object) == future; };
        if (objects_[i] && std::visit(is_it, *objects_[i])) return static_cast<int>(i);
    }
    return -1;
}

bool World::leads_to(int from, int to) const {
    std::vector<bool> seen(objects_.size());
    std::vector<int> open{from};
    while (!open.empty()) {
        const auto number = static_cast<std::size_t>(open.back());
        open.pop_back();
        if (static_cast<int>(number) == to) return true;
        if (seen[number]) continue;
        seen[number] = true;
        open.insert(open.end(), awaits_[number].begin(), awaits_[number].end());
    }
    return false;
}

std::string World::state_of(int number) {
    const std::string name = "o" + std::to_string(number) + " ";
    asyncio::AnyFuture& future = any(number);
    if (!future.done()) return name + "pending";
    if (future.cancelled()) return name + "cancelled";
    if (const std::exception_ptr error = future.exception()) return name + describe(error);
    return name + std::visit([](auto& object) { return format(object.result()); }, object(number));
}

std::vector<int> World::numbers(const Node& instruction, std::size_t first, bool integers) {
    std::vector<int> found;
    for (std::size_t i = first; i < instruction.items().size(); ++i) {
        const int number = slot(instruction[i]);
        if (!alive(number)) continue;
        if (integers && object(number).index() > 2) continue;
        found.push_back(number);
    }
    return found;
}

asyncio::Future<int> World::integer(int number) {
    asyncio::AnyFuture& future = any(number);
    return asyncio::Future<int>(asyncio::detail::FuturePtr(&future.core()));
}

}  // namespace order_fuzzer
