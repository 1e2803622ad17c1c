#pragma once

#include <asyncio/base/exceptions.hpp>
#include <asyncio/base/light_traits.hpp>
#include <asyncio/base/standard/memory.hpp>
#include <asyncio/queue/queue.hpp>
#include <asyncio/task/coro.hpp>
#include <asyncio/task/task_group.hpp>

#include <concepts>
#include <cstddef>
#include <source_location>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace asyncio {

/// Keyword arguments of Pipeline::stage.
struct StageOptions {
    int workers = 1;               ///< how many items are worked on at a time
    std::ptrdiff_t capacity = 16;  ///< how many results may wait for the next stage; not positive: without limit
};
static_assert(detail::trivially_destructible<StageOptions>);

namespace detail {

/// Takes an item and returns a Coro.
template <class F, class Item>
concept StageFunction = std::is_invocable_v<F&, Item> && is_coro<std::invoke_result_t<F&, Item>>;

/// Where a stage's results go; nowhere, when it has none.
template <class T>
struct StageOutput {
    std::shared_ptr<Queue<T>> queue;
};
template <>
struct StageOutput<void> {};

/// What the workers of a stage share. It keeps both queues, since a Pipeline may be gone before its items are through.
template <class In, class Out, class F>
struct Stage {
    std::shared_ptr<Queue<In>> input;
    StageOutput<Out> output;
    F function;
    int workers = 0;

    /// A worker, as long as it may still work: leaves the stage however it ends, also before its first step.
    class Worker {
    public:
        explicit Worker(std::shared_ptr<Stage> stage) noexcept : stage_(std::move(stage)) {}
        Worker(Worker&&) noexcept = default;
        Worker& operator=(Worker&&) = delete;
        ~Worker() {
            if (stage_ != nullptr) stage_->leave();
        }
        [[nodiscard]] Stage* operator->() const noexcept { return stage_.get(); }

        /// Leaves in the next iteration: whoever waits in the group is cancelled then, before the end of a queue can
        /// reach it.
        void fail() noexcept {
            try {
                get_running_loop().call_soon(
                    [worker = std::move(*this)]() mutable { Worker ended(std::move(worker)); });
            } catch (...) {
                // Out of memory: it has left already.
            }
        }

    private:
        std::shared_ptr<Stage> stage_;
    };

    static Coro<void> work(Worker stage) {
        try {
            while (auto item = co_await stage->input->next()) {
                if constexpr (std::is_void_v<Out>) {
                    co_await stage->function(std::move(*item));
                } else {
                    Out result = co_await stage->function(std::move(*item));
                    if (!co_await pass_on(*stage->output.queue, result)) break;
                }
            }
        } catch (const CancelledError&) {
            throw;
        } catch (...) {
            stage.fail();
            throw;
        }
    }

private:
    /// The last worker ends both queues: nobody waits for what will not come.
    void leave() {
        if (--workers > 0) return;
        input->shutdown();
        if constexpr (!std::is_void_v<Out>) output.queue->shutdown();
    }

    /// False when nobody wants it any more.
    template <class Item>
    static Coro<bool> pass_on(Queue<Item>& queue, Item& result) {
        try {
            co_await queue.emplace(std::move(result));
        } catch (const QueueShutDown&) {
            co_return false;
        }
        co_return true;
    }
};

}  // namespace detail

template <class In, class Out = In>
class Pipeline;

/// The beginning of a pipeline, where items go in; see Pipeline.
template <class In>
class PipelineInput {
public:
    /// Puts an item in, waiting until the first stage has room. Throws QueueShutDown after `shutdown()`, and when the
    /// workers are gone; otherwise as Queue::put, also for its limits with GCC before 14: see there for `emplace`.
    auto put(const In& item)
        requires std::copy_constructible<In>
    {
        return input_->put(item);
    }
    /// The same; moves the item in.
    auto put(In&& item) { return input_->put(std::move(item)); }
    /// The same with an item that is made from the arguments, at once.
    template <class... Args>
    auto emplace(Args&&... args) {
        return input_->emplace(std::forward<Args>(args)...);
    }
    /// Throws QueueFull when the first stage has no room.
    void put_nowait(In item) { input_->put_nowait(std::move(item)); }

    /// No more items: the stages end one after the other, when each is through with what there is.
    void shutdown() { input_->shutdown(); }

protected:
    /// Used by Pipeline.
    PipelineInput(TaskGroup& group, std::shared_ptr<Queue<In>> input) noexcept
        : group_(&group),
          input_(std::move(input)) {}
    PipelineInput(PipelineInput&&) noexcept = default;
    PipelineInput& operator=(PipelineInput&&) = delete;
    ~PipelineInput() {
        if (input_ != nullptr) input_->shutdown();
    }

    TaskGroup* group_;
    std::shared_ptr<Queue<In>> input_;
};

/// Work in stages: workers, tasks of a TaskGroup, take items from a bounded queue and pass their results on to the
/// next. With a single stage it is a pool of workers. In what goes in, Out what comes out.
///
///     co_await asyncio::async_with(asyncio::TaskGroup(), [&](auto& group) -> asyncio::Coro<> {
///         auto pipeline = asyncio::Pipeline<std::string>(group)
///                             .stage(fetch, {.workers = 8})   // Coro<Page> fetch(std::string)
///                             .stage(parse)                   // Coro<Links> parse(Page)
///                             .stage(store);                  // Coro<> store(Links): nothing comes out
///         for (const auto& url : urls) co_await pipeline.put(url);   // waits when it is full
///     });                                                            // until all is through
///
/// A slow stage holds up those before it. The order of the items is kept by stages of one worker.
///
/// End: `shutdown()`, or the end of the Pipeline's scope, lets what is inside go through; the end of the group waits
/// for that. When results come out, take them with `next()` until it gives nothing: what nobody takes before the end of
/// the scope is dropped.
/// Errors: what a stage throws ends the group, and comes out of it in an ExceptionGroup, as of any of its tasks; the
/// item is lost, the others were not begun or are cancelled. When all workers of a stage are cancelled on their own,
/// those before it end, too, and `put` throws QueueShutDown.
/// Thread safety: none, for the loop's own thread only. Python's asyncio has none.
template <class In, class Out>
class Pipeline : public PipelineInput<In> {
public:
    /// An empty one, to which stages are added; they are tasks of `group`, which must be entered. `capacity`: how many
    /// items may wait for the first stage; not positive: without limit.
    explicit Pipeline(TaskGroup& group, std::ptrdiff_t capacity = 16)
        requires std::same_as<In, Out>
        : Pipeline(group, std::make_shared<Queue<In>>(capacity)) {}
    Pipeline(Pipeline&&) noexcept = default;
    Pipeline& operator=(Pipeline&&) = delete;
    ~Pipeline() {
        if (output_ != nullptr) output_->shutdown({.immediate = true});
    }

    /// Adds a stage: `function(item)` returns a Coro of the result, or of nothing when this is the last one. It is
    /// moved in, and called by each worker with one item at a time. Throws std::invalid_argument when there are no
    /// workers, and what TaskGroup::create_task throws. To be called before anything is put in, on a temporary or by
    /// `std::move(pipeline).stage(…)`.
    template <class F>
        requires detail::StageFunction<F, Out>
    auto stage(F function, StageOptions options = {}, std::source_location place = std::source_location::current()) && {
        using Result = typename std::invoke_result_t<F&, Out>::value_type;
        using Stage = detail::Stage<Out, Result, F>;
        if (options.workers < 1) throw std::invalid_argument("a stage needs at least one worker");
        detail::StageOutput<Result> output;
        if constexpr (!std::is_void_v<Result>) output.queue = std::make_shared<Queue<Result>>(options.capacity);
        auto shared = std::make_shared<Stage>(Stage{std::move(output_), output, std::move(function), options.workers});
        for (int i = 0; i < options.workers; ++i)
            this->group_->create_task(Stage::work(typename Stage::Worker(shared)), {}, place);
        if constexpr (std::is_void_v<Result>) {
            return Pipeline<In, void>(*this->group_, std::move(this->input_));
        } else {
            return Pipeline<In, Result>(*this->group_, std::move(this->input_), std::move(output.queue));
        }
    }

    /// Takes a result, waiting until there is one; the await gives nullopt when the pipeline was shut down and all is
    /// through.
    auto next() noexcept { return output_->next(); }
    /// The same; throws QueueShutDown in place of nullopt.
    auto get() noexcept { return output_->get(); }

private:
    template <class, class>
    friend class Pipeline;

    Pipeline(TaskGroup& group, std::shared_ptr<Queue<In>> both) noexcept
        : PipelineInput<In>(group, both),
          output_(std::move(both)) {}
    Pipeline(TaskGroup& group, std::shared_ptr<Queue<In>> input, std::shared_ptr<Queue<Out>> output) noexcept
        : PipelineInput<In>(group, std::move(input)),
          output_(std::move(output)) {}

    std::shared_ptr<Queue<Out>> output_;
};

/// One whose last stage has no results.
template <class In>
class Pipeline<In, void> : public PipelineInput<In> {
public:
    Pipeline(Pipeline&&) noexcept = default;
    Pipeline& operator=(Pipeline&&) = delete;

private:
    template <class, class>
    friend class Pipeline;

    Pipeline(TaskGroup& group, std::shared_ptr<Queue<In>> input) noexcept
        : PipelineInput<In>(group, std::move(input)) {}
};

}  // namespace asyncio
