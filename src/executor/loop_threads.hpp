#pragma once

#include "answer_source.hpp"

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

    [[nodiscard]] bool busy() const noexcept override { return !links.empty(); }
    [[nodiscard]] bool answer_may_come_soon() const noexcept override {
        return busy() && links.back()->may_come_soon();
    }
    [[nodiscard]] bool fetch_answers() noexcept override {
        fetches_ = source_ != nullptr && busy() && links.back() == youngest_of_source_;
        return fetches_ && source_->fetch(loop_);
    }
    void stop_fetching() noexcept override {
        if (std::exchange(fetches_, false)) source_->stop_fetching();
    }
    void close() noexcept override;
    void tear_down(EventLoop& loop) override;

    /// The job of the youngest link goes there.
    void fetch_from(const std::shared_ptr<AnswerSource>& source) noexcept {
        if (source_ != source) source_ = source;
        youngest_of_source_ = links.back();
    }

    /// The default executor, made at the first use. Throws RuntimeError once it was shut down.
    [[nodiscard]] futures::ThreadPoolExecutor& require_executor();

    IntrusiveList<LoopLink> links;
    std::shared_ptr<futures::ThreadPoolExecutor> executor;
    bool shutdown_called = false;

private:
    LoopCore& loop_;
    std::shared_ptr<AnswerSource> source_;          // of the youngest job that went to one
    const LoopLink* youngest_of_source_ = nullptr;  // only compared: it may have ended
    bool fetches_ = false;
};

}  // namespace asyncio::detail
