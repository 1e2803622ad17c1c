#pragma once

#include "answer_source.hpp"
#include "base/spin.hpp"

#include <asyncio/base/intrusive_list.hpp>
#include <asyncio/executor/loop_link.hpp>
#include <asyncio/executor/thread_pool_executor.hpp>
#include <asyncio/loop/executor_hook.hpp>
#include <asyncio/loop/loop_core.hpp>

#include <memory>
#include <utility>

namespace asyncio::detail {

/// What a loop has to do with other threads: its default executor, and the links that are open. Loop's thread only.
class LoopThreads final : public ExecutorHook {
public:
    explicit LoopThreads(LoopCore& loop) noexcept : loop_(loop) {}
    /// That of the loop, made at the first use. Throws std::bad_alloc.
    [[nodiscard]] static LoopThreads& of(LoopCore& loop);

    /// Precondition: it has been used.
    [[nodiscard]] static LoopThreads& made(LoopCore& loop) noexcept {
        return static_cast<LoopThreads&>(*loop.executors);
    }

    [[nodiscard]] bool busy() const noexcept override { return !links.empty(); }
    [[nodiscard]] Clock::duration time_to_look_out() const noexcept override {
        if (!busy() || !links.back()->link->may_come_soon()) return Clock::duration::zero();
        return youngest_is_of_source() ? look_out_time_for_process : look_out_time;
    }
    [[nodiscard]] bool fetch_answers() noexcept override {
        if (!youngest_is_of_source()) return false;
        fetches_ = true;
        return source_->fetch(loop_);
    }
    void stop_fetching() noexcept override {
        if (std::exchange(fetches_, false)) source_->stop_fetching(loop_);
    }
    /// A job's future was cancelled.
    void withdraw(const Delivery& job) noexcept {
        if (source_ != nullptr) source_->withdraw(job);
    }
    void close() noexcept override;
    /// If nobody else has it, without waiting for its threads.
    static void let_go(std::shared_ptr<futures::ThreadPoolExecutor>& executor) noexcept;
    void tear_down(EventLoop& loop) override;

    /// The job of the youngest link goes there, whose answer this loop will look for before it sleeps.
    template <class Source>
    void fetch_from(const std::shared_ptr<Source>& source) noexcept {
        if (source_.get() != source.get()) {
            leave_source();
            source_ = source;
        }
        links.back()->source = source.get();
        fetches_ = true;
    }

    /// The default executor, made at the first use. Throws RuntimeError once it was shut down.
    [[nodiscard]] futures::ThreadPoolExecutor& require_executor();

    IntrusiveList<LinkEntry> links;
    std::shared_ptr<futures::ThreadPoolExecutor> executor;
    bool shutdown_called = false;

private:
    [[nodiscard]] bool youngest_is_of_source() const noexcept {
        return source_ != nullptr && busy() && links.back()->source == source_.get();
    }
    void leave_source() noexcept {
        fetches_ = false;
        if (source_ != nullptr) source_->leave_alone(loop_);
        source_.reset();
    }

    LoopCore& loop_;
    std::shared_ptr<AnswerSource> source_;  // of the youngest job that went to one
    bool fetches_ = false;                  // as the source thinks
};

}  // namespace asyncio::detail
