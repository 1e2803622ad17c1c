#include "loop_threads.hpp"

#include <asyncio/base/clock.hpp>
#include <asyncio/base/log.hpp>
#include <asyncio/loop/event_loop.hpp>
#include <asyncio/task/coro.hpp>
#include <asyncio/task/run_until_complete.hpp>
#include <asyncio/task/wait_for.hpp>

#include <chrono>
#include <sstream>
#include <thread>
#include <utility>

namespace asyncio {

namespace detail {

namespace {

using namespace std::chrono_literals;

constexpr auto join_timeout = 5min;

/// Waits until the executor has no thread left; false when that took too long. Threads live in real time, which a
/// virtual clock jumps over.
Coro<bool> close_in_time(futures::ThreadPoolExecutor& executor, TimeLimit limit) {
    const Clock::time_point end = limit ? saturating_add(Clock::now(), *limit) : Clock::time_point::max();
    while (true) {
        try {
            const TimeLimit left = limit ? TimeLimit(end - Clock::now()) : TimeLimit();
            co_await wait_for(executor.aclose(), left);
            co_return true;
        } catch (const TimeoutError&) {
            if (Clock::now() >= end) co_return false;
        }
        std::this_thread::sleep_for(1ms);
    }
}

}  // namespace

LoopThreads& LoopThreads::of(LoopCore& loop) {
    loop.check_open();
    if (loop.executors == nullptr) loop.executors = make_owner<LoopThreads>(loop);
    return static_cast<LoopThreads&>(*loop.executors);
}

futures::ThreadPoolExecutor& LoopThreads::require_executor() {
    if (shutdown_called) throw RuntimeError("Executor shutdown has been called");
    if (executor == nullptr)
        executor =
            std::make_shared<futures::ThreadPoolExecutor>(futures::ThreadPoolOptions{.thread_name_prefix = "asyncio"});
    return *executor;
}

void LoopThreads::close() noexcept {
    shutdown_called = true;
    IntrusiveList<LinkEntry> on_their_way;
    while (LinkEntry* entry = links.front()) {
        if (entry->link->close()) continue;
        entry->unlink();
        on_their_way.push_back(*entry);
    }
    // In a forked child nobody is left who would send them.
    while (!on_their_way.empty() && !loop_.inherited()) {
        loop_.drop_ready_if(&LoopLink::is_link);
        if (!on_their_way.empty()) std::this_thread::yield();
    }
    leave_source();
    if (executor == nullptr) return;
    executor->shutdown({.wait = false});
    let_go(executor);
}

void LoopThreads::let_go(std::shared_ptr<futures::ThreadPoolExecutor>& executor) noexcept {
    if (executor.use_count() == 1) executor->abandoned_ = true;
    executor.reset();
}

void LoopThreads::tear_down(EventLoop& loop) {
    if (executor != nullptr) loop.run_until_complete(loop.shutdown_default_executor({.timeout = join_timeout}));
}

futures::Executor& executor_for(LoopCore& loop, futures::Executor* given) {
    loop.check_open();
    loop.check_thread();
    return given != nullptr ? *given : LoopThreads::of(loop).require_executor();
}

}  // namespace detail

void EventLoop::set_default_executor(std::shared_ptr<futures::ThreadPoolExecutor> executor) {
    detail::LoopThreads::of(*core_).executor = std::move(executor);
}

Coro<> EventLoop::shutdown_default_executor(ShutdownExecutorOptions options) {
    detail::LoopThreads& threads = detail::LoopThreads::of(*core_);
    threads.shutdown_called = true;
    if (threads.executor == nullptr) co_return;
    std::shared_ptr<futures::ThreadPoolExecutor> executor = threads.executor;
    struct LetGo {  // where the loop closes during the wait, too
        std::shared_ptr<futures::ThreadPoolExecutor>& executor;
        ~LetGo() { detail::LoopThreads::let_go(executor); }
    } const afterwards{executor};
    if (co_await detail::close_in_time(*executor, options.timeout)) co_return;
    std::ostringstream text;
    text << "The executor did not finishing joining its threads within "
         << std::chrono::duration<double>(*options.timeout).count() << " seconds.";
    detail::log(LogLevel::warning, text.str());
}

}  // namespace asyncio
