// The text forms of futures and tasks.

#include <asyncio/base/function_name.hpp>
#include <asyncio/base/log.hpp>
#include <asyncio/task/as_completed.hpp>
#include <asyncio/task/done_callback.hpp>
#include <asyncio/task/future_awaiter.hpp>
#include <asyncio/task/gather.hpp>
#include <asyncio/task/shield.hpp>
#include <asyncio/task/task_core.hpp>
#include <asyncio/task/wait.hpp>
#include <asyncio/task/waiter.hpp>

#include <cstdio>
#include <string>
#include <string_view>

namespace asyncio::detail {

/// In task_group.cpp, where the type is.
[[nodiscard]] DoneNode::Fire task_group_on_done() noexcept;

/// As CPython calls what its own functions put there.
struct DoneNodeNames {
    static std::string of(const DoneNode& node) {
        const DoneNode::Fire fire = node.fire;
        if (fire == &DoneCallback::on_done) return static_cast<const DoneCallback&>(node).describe();
        if (fire == &FutureWaiter::on_done) return "Task.task_wakeup()";
        if (fire == &GatherCore::on_done) return "gather()";
        if (fire == &WaitAwaiter::on_done) return "wait()";
        if (fire == &AsCompletedCore::on_done) return "as_completed()";
        if (fire == &ShieldCore::on_inner_done || fire == &ShieldCore::on_outer_done) return "shield()";
        if (fire == task_group_on_done()) return "TaskGroup._on_task_done()";
        return "callback()";
    }
};

std::string FutureCore::describe_callbacks() const {
    const DoneNode* const first = waiters_.front();
    if (first == nullptr) return {};
    std::size_t count = 0;
    for (const DoneNode* node = first; node != nullptr; node = waiters_.next(*node)) ++count;
    std::string text = " cb=[" + DoneNodeNames::of(*first);
    if (count > 2) text += ", <" + std::to_string(count - 2) + " more>";
    if (count > 1) text += ", " + DoneNodeNames::of(*waiters_.back());
    return text + "]";
}

std::string FutureCore::describe_result() const {
    return "...";
}

std::string FutureCore::describe_outcome() const {
    if (state_ == State::finished) return " result=" + describe_result();
    if (state_ == State::failed) return " exception=" + describe(const_cast<FutureCore*>(this)->slot().error);
    return {};
}

std::string FutureCore::repr() const {
    const char* state = "finished";
    if (state_ == State::pending) state = "pending";
    if (state_ == State::cancelled) state = "cancelled";
    return std::string("<Future ") + state + describe_outcome() + describe_callbacks() + created_at() + ">";
}

namespace {

/// What the task was made of: a callable that it owns is run by a coroutine of the library.
const PromiseBase* shown_coroutine(const PromiseBase* root, const PromiseBase* leaf) {
    if (!is_internal_function(root->where.function_name())) return root;
    const PromiseBase* shown = root;
    for (const PromiseBase* inner = leaf; inner != nullptr; inner = inner->caller) {
        if (!is_internal_function(inner->where.function_name())) shown = inner;
    }
    return shown;
}

}  // namespace

std::string TaskCore::repr() const {
    const char* state = "pending";
    if (state_ == State::finished || state_ == State::failed) state = "finished";
    if (state_ == State::cancelled) state = "cancelled";
    if (state_ == State::pending && ((pending_ & must_cancel) != 0 || cancel_requests_ > 0)) state = "cancelling";
    std::string text = std::string("<Task ") + state + " name='" + name() + "'";
    if (const PromiseBase* const root = const_cast<TaskCore*>(this)->slot().child) {
        const std::source_location& where = shown_coroutine(root, leaf_)->where;
        text += " coro=<" + public_function_name(where) + "() running at " + file_and_line(where) + ">";
    }
    if (waiter_ != nullptr && state_ == State::pending) {
        // One level is enough, and tasks may wait for each other in a ring.
        if (FutureCore* const awaited = waiter_->awaited_future())
            text +=
                " wait_for=" + (awaited->is_task() ? static_cast<TaskCore*>(awaited)->short_repr() : awaited->repr());
    }
    return text + describe_outcome() + describe_callbacks() + created_at() + ">";
}

std::string TaskCore::short_repr() const {
    return "<Task " + std::string(done() ? "finished" : "pending") + " name='" + name() + "'>";
}

std::string describe_number(long long value) {
    return std::to_string(value);
}

std::string describe_number(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%g", value);
    return text;
}

/// At most 30 characters, the middle left out, as reprlib does.
std::string describe_text(std::string_view text) {
    constexpr std::size_t longest = 30;
    constexpr std::size_t kept_in_front = 12;
    constexpr std::size_t kept_behind = 13;
    if (text.size() + 2 <= longest) return "'" + std::string(text) + "'";
    return "'" + std::string(text.substr(0, kept_in_front)) + "..." +
           std::string(text.substr(text.size() - kept_behind)) + "'";
}

std::string describe_type(const std::type_info& type) {
    return "<" + callable_name(type) + ">";
}

}  // namespace asyncio::detail
