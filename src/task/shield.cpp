#include <asyncio/task/shield.hpp>

#include <asyncio/base/log.hpp>
#include <asyncio/loop/exception_context.hpp>
#include <asyncio/task/await_edge.hpp>
#include <asyncio/task/task_core.hpp>

#include <new>
#include <optional>
#include <string>
#include <utility>

namespace asyncio::detail {

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winvalid-offsetof"
// Not through `shield`: a reference has no offset.
AwaitEdge ShieldCore::edge_{
    &on_inner_done, 0, 0, 0, offsetof(DoneNode, fire) - offsetof(Inner, fire) - offsetof(ShieldCore, inner_), true};
#pragma GCC diagnostic pop

bool ShieldCore::cancel(std::string_view message) noexcept {
    report_unretrieved_ = false;
    return set_cancelled(message);
}

void ShieldCore::watch(FutureCore& inner) noexcept {
    inner_.waiting_for = &inner;
    inner.enter(inner_);
    retain();
    enter(outer_);
}

void ShieldCore::on_inner_done(DoneNode& node, Turn turn) noexcept {
    auto& self = static_cast<Inner&>(node);
    FutureCore* const inner = std::exchange(self.waiting_for, nullptr);
    if (turn == Turn::drop) return release_iteratively(node, &give_up);
    self.done = FuturePtr(inner);
    inner->loop().make_ready(self);
}

void ShieldCore::give_up(DoneNode& node, Turn) noexcept {
    static_cast<Inner&>(node).shield.release();
}

void ShieldCore::run_inner_done(ReadyNode& node, Turn turn) {
    auto& self = static_cast<Inner&>(node);
    const auto shield = IntrusivePtr<ShieldCore>::adopt(&self.shield);
    const FuturePtr inner = std::move(self.done);
    if (turn == Turn::drop) return;
    if (self.reports) return shield->report(*inner);
    // Cancelled in the same iteration in which the inner one ended: then that one's own report is left to it.
    if (!shield->done()) shield->pass_on(*inner);
}

void ShieldCore::pass_on(FutureCore& inner) {
    std::exception_ptr error = inner.outcome_error();
    if (inner.cancelled()) {
        slot().error = std::move(error);
        set_cancelled({});
    } else if (error) {
        set_exception(std::move(error));
    } else {
        try {
            take_result(inner);
        } catch (...) {
            return set_exception(std::current_exception());
        }
        set_finished();
    }
}

void ShieldCore::on_outer_done(DoneNode& node, Turn turn) noexcept {
    auto& self = static_cast<Outer&>(node);
    if (turn == Turn::drop) return;
    self.shield.retain();
    self.shield.loop().make_ready(self);
}

void ShieldCore::run_outer_done(ReadyNode& node, Turn turn) {
    const auto shield = IntrusivePtr<ShieldCore>::adopt(&static_cast<Outer&>(node).shield);
    if (turn == Turn::run && shield->inner_.waiting_for != nullptr) shield->start_reporting();
}

/// Moves to the end of those who wait for the inner future, in place of a shield that reports already: many shields of
/// one task leave one entry and one report.
void ShieldCore::start_reporting() noexcept {
    FutureCore& inner = *inner_.waiting_for;
    inner_.unlink();
    for (DoneNode* node = inner.waiters().front(); node != nullptr; node = inner.waiters().next(*node)) {
        if (node->fire != &on_inner_done || !static_cast<Inner*>(node)->reports) continue;
        node->unlink();
        inner.enter(*node);
        inner_.waiting_for = nullptr;
        return release();
    }
    inner_.reports = true;
    inner.enter(inner_);
}

void ShieldCore::report(FutureCore& inner) {
    if (inner.cancelled()) return;
    const std::exception_ptr error = inner.outcome_error();
    if (!error) return;
    ExceptionContext context;
    try {
        const std::string text = describe(error);
        context.message = text.substr(0, text.find(": ")) + " exception in shielded future";
        context.exception = error;
        context.future = inner.repr();
    } catch (const std::bad_alloc&) {
        // What fits is reported.
    }
    std::optional<ContextScope> scope;
    if (inner.is_task()) scope.emplace(static_cast<TaskCore&>(inner).context_word());
    loop_->call_exception_handler(context);
}

}  // namespace asyncio::detail
