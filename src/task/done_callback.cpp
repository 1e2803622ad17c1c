#include <asyncio/task/done_callback.hpp>

#include <asyncio/base/exceptions.hpp>
#include <asyncio/loop/loop_core.hpp>
#include <asyncio/loop/slow_step_watch.hpp>

#include <exception>
#include <memory>
#include <string>

namespace asyncio {

namespace detail {

DoneCallback::DoneCallback() noexcept : DoneNode(&on_done), ReadyNode(&run) {}

DoneCallbackId DoneCallback::enter(FutureCore& future, DoneCallback* callback, ContextCore* context,
                                   const std::source_location& place) {
    std::unique_ptr<DoneCallback> owned(callback);
    future.loop().check_thread();
    callback->future_ = &future;
    callback->context_ = ContextWord::of(context);
    callback->id_ = ++future.loop().last_callback_id;
    if (keeping_places()) [[unlikely]]
        callback->placed_ = keep_place(callback, place);
    if (future.done()) {
        future.loop().check_open();
        future.loop().keep_order();
        on_done(*owned.release(), Turn::run);
    } else {
        future.enter(*owned.release());
    }
    return DoneCallbackId(callback->id_);
}

std::string DoneCallback::describe() const {
    const std::string place = placed_ ? creation_place(this) : std::string();
    return name() + "()" + (place.empty() ? "" : " at " + place);
}

bool DoneCallback::remove(FutureCore& future, DoneCallbackId id) noexcept {
    for (DoneNode* node = future.waiters().front(); node != nullptr; node = future.waiters().next(*node)) {
        if (node->fire != &on_done || static_cast<DoneCallback*>(node)->id_ != id.value()) continue;
        node->unlink();
        delete static_cast<DoneCallback*>(node);
        return true;
    }
    return false;
}

void DoneCallback::on_done(DoneNode& node, Turn turn) noexcept {
    auto& self = static_cast<DoneCallback&>(node);
    if (turn == Turn::drop) {
        delete &self;
        return;
    }
    self.keep_ = FuturePtr(self.future_);
    self.future_->loop().make_ready(self);
}

void DoneCallback::run(ReadyNode& node, Turn turn) {
    const std::unique_ptr<DoneCallback> self(static_cast<DoneCallback*>(&node));
    if (turn == Turn::drop) return;
    LoopCore& loop = self->keep_->loop();
    const LoopPtr keep_loop(&loop);
    const auto describe = [&self] {
        return "<Handle " + self->name() + "()" + (self->placed_ ? created_at(self.get()) : std::string()) + ">";
    };
    const ContextScope scope(self->context_);
    try {
        if (!scope.entered()) [[unlikely]]
            throw_already_entered();
        if (loop.debug) [[unlikely]] {
            const SlowStepWatch watch(loop, describe);
            self->invoke(std::move(self->keep_));
        } else {
            self->invoke(std::move(self->keep_));
        }
    } catch (const KeyboardInterrupt&) {
        throw;
    } catch (const SystemExit&) {
        throw;
    } catch (...) {
        ExceptionContext context;
        context.message = "Exception in callback " + self->name() + "()";
        context.exception = std::current_exception();
        context.handle = describe();
        if (self->placed_) context.source_traceback = creation_place(self.get());
        loop.call_exception_handler(context);
    }
}

void refuse_task(const FutureCore& future, const char* operation) {
    if (future.is_task()) throw RuntimeError(std::string("Task does not support ") + operation + " operation");
}

}  // namespace detail

std::size_t AnyFuture::remove_done_callback(DoneCallbackId id) const {
    return detail::DoneCallback::remove(core(), id) ? 1 : 0;
}

}  // namespace asyncio
