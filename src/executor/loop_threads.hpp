#pragma once

#include <asyncio/base/intrusive_list.hpp>
#include <asyncio/executor/loop_link.hpp>
#include <asyncio/executor/thread_pool_executor.hpp>
#include <asyncio/loop/executor_hook.hpp>
#include <asyncio/loop/loop_core.hpp>

#include <memory>

namespace asyncio::detail {

/// What a loop has to do with other threads: its default executor, and the links that are open. Loop's thread only.
class LoopThreads final : public ExecutorHook {
public:
    /// That of the loop, made at the first use. Throws std::bad_alloc.
    [[nodiscard]] static LoopThreads& of(LoopCore& loop);

    [[nodiscard]] bool busy() const noexcept override { return !links.empty(); }
    [[nodiscard]] bool answer_may_come_soon() const noexcept override {
        return busy() && links.back()->may_come_soon();
    }
    void close() noexcept override;
    void tear_down(EventLoop& loop) override;

    /// The default executor, made at the first use. Throws RuntimeError once it was shut down.
    [[nodiscard]] futures::ThreadPoolExecutor& require_executor();

    IntrusiveList<LoopLink> links;
    std::shared_ptr<futures::ThreadPoolExecutor> executor;
    bool shutdown_called = false;
};

}  // namespace asyncio::detail
