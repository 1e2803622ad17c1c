#include <asyncio/task/async_generator.hpp>

#include <asyncio/base/function_name.hpp>
#include <asyncio/base/log.hpp>
#include <asyncio/loop/event_loop.hpp>
#include <asyncio/task/coro.hpp>
#include <asyncio/task/future_core.hpp>
#include <asyncio/task/gather.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <typeinfo>
#include <utility>
#include <vector>

namespace asyncio {

namespace detail {

namespace {

using State = GeneratorPromiseBase::State;
using Request = GeneratorSlotBase::Request;

[[noreturn]] void throw_already_running(GeneratorSlotBase::Request request) {
    const char* verb = "anext()";
    if (request == GeneratorSlotBase::Request::raise) verb = "athrow()";
    if (request == GeneratorSlotBase::Request::exit) verb = "aclose()";
    throw RuntimeError(std::string(verb) + ": asynchronous generator is already running");
}

/// The loop takes notice of a generator at its first request, to close it in shutdown_asyncgens().
void enter_loop(GeneratorPromiseBase& generator) {
    LoopCore* const loop = running_loop;
    if (loop == nullptr) return;
    if (loop->generators_shut_down)
        log(LogLevel::warning, describe_generator(generator) + " was scheduled after loop.shutdown_asyncgens() call");
    loop->generators.push_back(generator);
}

bool is_generator_exit(const std::exception_ptr& error) noexcept {
    return error && *error.__cxa_exception_type() == typeid(GeneratorExit);
}

}  // namespace

std::string describe_generator(const GeneratorPromiseBase& generator) {
    const std::source_location& place = generator.where;
    return "async generator '" + function_name(place) + "' (" +
           (generator.state == State::unstarted ? "defined at " : "suspended at ") + file_and_line(place) + ")";
}

void throw_request_reused(Request request) {
    throw_already_awaited(request == Request::item ? "__anext__()/asend()" : "aclose()/athrow()");
}

void throw_requested(GeneratorSlotBase& request) {
    if (request.request == GeneratorSlotBase::Request::exit) throw GeneratorExit();
    std::rethrow_exception(std::exchange(request.error, nullptr));
}

GeneratorHandle::~GeneratorHandle() {
    if (promise_ != nullptr) drop();
}

void throw_nothing_to_throw() {
    throw std::invalid_argument("athrow() was given no exception");
}

void GeneratorHandle::drop() noexcept {
    if (promise_->state == State::running) {
        promise_->owner = nullptr;
        return;
    }
    if (promise_->state == State::suspended && debugging_coroutines()) {
        try {
            log(LogLevel::warning, describe_generator(*promise_) +
                                       " was dropped before its end without aclose(): no awaiting cleanup runs");
        } catch (...) {
            // Out of memory: the warning is lost, the destructor goes on.
        }
    }
    promise_->handle().destroy();
}

bool GeneratorAwaiter::settle(GeneratorSlotBase& slot) const {
    GeneratorPromiseBase* const generator = *generator_;
    if (generator == nullptr) {
        slot.error = nullptr;
        return true;
    }
    if (generator->state == State::running) throw_already_running(slot.request);
    if (slot.request != Request::item) {
        generator->handle().destroy();
        return true;
    }
    if (slot.sent != nullptr)
        throw std::invalid_argument("can't send a value to a just-started async generator: await next() first");
    enter_loop(*generator);
    return false;
}

void CloseAwaiter::await_resume() {
    const bool ignored = slot_.generator != nullptr && slot_.generator->state == State::suspended;
    slot_.answered();
    if (ignored) throw RuntimeError("async generator ignored GeneratorExit");
    if (slot_.error && !is_generator_exit(slot_.error)) std::rethrow_exception(std::move(slot_.error));
}

namespace {

using Generators = IntrusiveList<ListHook>;

/// Closes the first of those that are left: one may go while another one is being closed, and leaves the list then.
Coro<> close_next(LoopCore& loop, std::shared_ptr<Generators> generators) {
    ListHook* const hook = generators->pop_front();
    if (hook == nullptr) co_return;
    auto* generator = static_cast<GeneratorPromiseBase*>(hook);
    ExceptionContext context;
    context.asyncgen = describe_generator(*generator);
    try {
        co_await CloseAwaiter(generator);
    } catch (...) {
        context.exception = std::current_exception();
        if (is_cancelled_error(context.exception) || is_interrupt(context.exception)) throw;
    }
    if (!context.exception) co_return;
    context.message = "an error occurred during closing of asynchronous generator";
    loop.call_exception_handler(context);
}

}  // namespace

}  // namespace detail

Coro<void> EventLoop::shutdown_asyncgens() {
    const detail::LoopPtr loop = core_;
    loop->generators_shut_down = true;
    const auto generators = std::make_shared<detail::Generators>();
    std::vector<Coro<>> closers;
    for (detail::ListHook* hook = loop->generators.front(); hook != nullptr; hook = loop->generators.next(*hook))
        closers.push_back(detail::close_next(*loop, generators));
    generators->splice_back(loop->generators);
    if (!closers.empty()) co_await gather(std::move(closers), return_exceptions);
}

}  // namespace asyncio
