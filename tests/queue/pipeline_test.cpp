// Pipeline: PAT-1 and PAT-3.

#include "support/lives.hpp"
#include "support/loops.hpp"
#include "support/schedules.hpp"
#include "support/trace.hpp"
#include "support/turns.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/testing/captured_log.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

using asyncio::Coro;
using asyncio::Pipeline;
using asyncio::Task;
using asyncio::TaskGroup;
using support::Chance;
using support::Lives;
using support::Trace;
using support::turns;
using namespace std::chrono_literals;

class PipelineTest : public support::OnEachDriver {
protected:
    /// Runs the body in a group.
    template <class Body>
    Coro<> in_group(Body& body) {
        co_await asyncio::async_with(TaskGroup(), body);
    }
    Trace trace;
};
ASYNCIO_ON_EACH_DRIVER(PipelineTest);

Coro<int> twice(int number) {
    co_await turns();
    co_return 2 * number;
}

template <class F>
concept CanBeAStage = requires(Pipeline<int>&& pipeline, F function) { std::move(pipeline).stage(function); };
static_assert(CanBeAStage<Coro<int> (*)(int)>);
static_assert(!CanBeAStage<int (*)(int)> && !CanBeAStage<Coro<int> (*)(std::string)>);
static_assert(!std::is_copy_constructible_v<Pipeline<int>>);

TEST_P(PipelineTest, refuses_a_stage_without_workers) {
    auto body = [&](TaskGroup& group) -> Coro<> {
        EXPECT_THROW(Pipeline<int>(group).stage(twice, {.workers = 0}), std::invalid_argument);
        co_return;
    };
    run(in_group(body));
}

TEST_P(PipelineTest, PAT_1_what_a_worker_throws_ends_the_rest_and_loses_only_its_own_item) {
    std::vector<int> handled;
    bool thrown = false;
    bool body_cancelled = false;
    auto body = [&](TaskGroup& group) -> Coro<> {
        auto store = [&](int item) -> Coro<> {
            co_await turns();
            if (item == 3) throw std::runtime_error("bad item");
            handled.push_back(item);
        };
        auto pipeline = Pipeline<int>(group, 1).stage(store);
        try {
            for (int i = 1; i < 100; ++i) co_await pipeline.put(i);
        } catch (const asyncio::CancelledError&) {
            body_cancelled = true;
            throw;
        }
    };
    run([&]() -> Coro<> {
        try {
            co_await in_group(body);
        } catch (const asyncio::ExceptionGroup& errors) {
            thrown = errors.exceptions().size() == 1;
        }
    });
    EXPECT_TRUE(thrown);
    EXPECT_TRUE(body_cancelled);
    EXPECT_EQ(handled, (std::vector<int>{1, 2}));
}

TEST_P(PipelineTest, PAT_1_items_behind_the_failed_one_are_still_there) {
    asyncio::Queue<int> queue;
    for (int i = 1; i <= 5; ++i) queue.put_nowait(i);
    const auto consume = [&](std::string name) -> Coro<> {
        while (auto item = co_await queue.next()) {
            if (*item == 2) throw std::runtime_error("bad item");
            trace(name, *item);
            co_await asyncio::sleep(1h);
        }
    };
    auto body = [&](TaskGroup& group) -> Coro<> {
        group.create_task(consume("a"));
        group.create_task(consume("b"));
        co_return;
    };
    run([&]() -> Coro<> { EXPECT_THROW(co_await in_group(body), asyncio::ExceptionGroup); });
    EXPECT_EQ(trace.str(), "a1");
    EXPECT_EQ(queue.get_nowait(), 3);
    EXPECT_EQ(queue.qsize(), 2U);
}

TEST_P(PipelineTest, PAT_1_each_item_is_handled_by_exactly_one_worker) {
    std::vector<int> handled;
    int inside = 0;
    int most = 0;
    auto body = [&](TaskGroup& group) -> Coro<> {
        auto store = [&](int item) -> Coro<> {
            most = std::max(most, ++inside);
            co_await turns(item % 3);
            --inside;
            handled.push_back(item);
        };
        auto pipeline = Pipeline<int>(group, 2).stage(store, {.workers = 3});
        for (int i = 0; i < 20; ++i) co_await pipeline.put(i);
        pipeline.shutdown();
        EXPECT_THROW(co_await pipeline.put(20), asyncio::QueueShutDown);
        EXPECT_LT(handled.size(), 20U) << "the end of the group waits for the rest";
    };
    run(in_group(body));
    std::sort(handled.begin(), handled.end());
    ASSERT_EQ(handled.size(), 20U);
    for (int i = 0; i < 20; ++i) EXPECT_EQ(handled[static_cast<std::size_t>(i)], i);
    EXPECT_EQ(most, 3);
}

TEST_P(PipelineTest, PAT_3_stages_keep_the_order_and_end_one_after_the_other) {
    std::vector<std::string> results;
    auto body = [&](TaskGroup& group) -> Coro<> {
        auto spell = [](int number) -> Coro<std::string> { co_return "n" + std::to_string(number); };
        auto pipeline = Pipeline<int>(group, 1).stage(twice, {.capacity = 1}).stage(spell, {.capacity = 1});
        auto feed = group.create_task([&]() -> Coro<> {
            for (int i = 1; i <= 5; ++i) co_await pipeline.put(i);
            pipeline.shutdown();
        });
        while (auto result = co_await pipeline.next()) results.push_back(*result);
        EXPECT_THROW(co_await pipeline.get(), asyncio::QueueShutDown);
        EXPECT_TRUE(feed.done());
    };
    run(in_group(body));
    EXPECT_EQ(results, (std::vector<std::string>{"n2", "n4", "n6", "n8", "n10"}));
}

TEST_P(PipelineTest, PAT_3_a_slow_stage_holds_up_those_before_it) {
    int begun = 0;
    asyncio::Event open;
    auto body = [&](TaskGroup& group) -> Coro<> {
        auto first = [&](int item) -> Coro<int> {
            ++begun;
            co_return item;
        };
        auto slow = [&](int) -> Coro<> { co_await open.wait(); };
        auto pipeline = Pipeline<int>(group, 1).stage(first, {.capacity = 1}).stage(slow);
        auto feed = group.create_task([&]() -> Coro<> {
            for (int i = 0; i < 10; ++i) co_await pipeline.put(i);
        });
        co_await turns(20);
        EXPECT_EQ(begun, 3) << "one in the slow stage, one waits for it, one is being passed on";
        EXPECT_FALSE(feed.done());
        open.set();
        co_await feed;
        pipeline.shutdown();
        co_await turns(20);
        EXPECT_EQ(begun, 10);
    };
    run(in_group(body));
}

TEST_P(PipelineTest, the_end_of_the_scope_lets_what_is_inside_go_through) {
    int stored = 0;
    auto body = [&](TaskGroup& group) -> Coro<> {
        auto store = [&](int) -> Coro<> {
            co_await turns();
            ++stored;
        };
        auto pipeline = Pipeline<int>(group).stage(twice).stage(store);
        for (int i = 0; i < 5; ++i) pipeline.put_nowait(i);
        co_return;
    };
    run(in_group(body));
    EXPECT_EQ(stored, 5);
}

TEST_P(PipelineTest, results_that_nobody_takes_hang_nothing) {
    Lives lives;
    auto body = [&](TaskGroup& group) -> Coro<> {
        auto make = [&](int) -> Coro<std::unique_ptr<Lives::One>> {
            co_return std::make_unique<Lives::One>(lives.one());
        };
        auto pipeline = Pipeline<int>(group).stage(make, {.workers = 2, .capacity = 1});
        for (int i = 0; i < 10; ++i) pipeline.put_nowait(i);
        co_await turns(3);
        EXPECT_EQ(lives.now(), 3);
    };
    run(in_group(body));
    EXPECT_EQ(lives.now(), 0);
}

TEST_P(PipelineTest, when_its_workers_are_cancelled_put_throws) {
    auto body = [&](TaskGroup& group) -> Coro<> {
        auto stop = [&](int) -> Coro<> {
            asyncio::current_task()->cancel();  // only this one, not the group
            co_await turns();
        };
        auto pipeline = Pipeline<int>(group, 1).stage(twice, {.capacity = 1}).stage(stop);
        bool refused = false;
        try {
            for (int i = 0; i < 100; ++i) co_await pipeline.put(i);
        } catch (const asyncio::QueueShutDown&) {
            refused = true;
        }
        EXPECT_TRUE(refused);
    };
    run(in_group(body));
}

TEST_P(PipelineTest, cancelled_while_putting_and_while_taking) {
    auto body = [&](TaskGroup& group) -> Coro<> {
        asyncio::Event open;
        auto wait = [&](int item) -> Coro<int> {
            co_await open.wait();
            co_return item;
        };
        auto pipeline = Pipeline<int>(group, 1).stage(wait);
        pipeline.put_nowait(1);
        co_await turns();
        pipeline.put_nowait(2);
        EXPECT_THROW(pipeline.put_nowait(3), asyncio::QueueFull);
        EXPECT_THROW(co_await asyncio::wait_for(pipeline.put(3), 1ms), asyncio::TimeoutError);
        EXPECT_THROW(co_await asyncio::wait_for(pipeline.next(), 1ms), asyncio::TimeoutError);
        open.set();
        pipeline.shutdown();
        EXPECT_EQ(co_await pipeline.next(), 1);
        EXPECT_EQ(co_await pipeline.next(), 2);
        EXPECT_EQ(co_await pipeline.next(), std::nullopt);
    };
    run(in_group(body));
}

TEST_P(PipelineTest, cancelling_the_body_ends_the_workers) {
    Lives lives;
    run([&]() -> Coro<> {
        auto body = [&](TaskGroup& group) -> Coro<> {
            auto wait = [life = lives.one()](int) -> Coro<> { co_await asyncio::sleep(1h); };
            auto pipeline = Pipeline<int>(group).stage(wait, {.workers = 2});
            pipeline.put_nowait(1);
            co_await asyncio::sleep(1h);
        };
        auto task = asyncio::create_task(in_group(body));
        co_await turns(3);
        task.cancel();
        EXPECT_THROW(co_await task, asyncio::CancelledError);
    });
    EXPECT_EQ(lives.now(), 0);
}

TEST_P(PipelineTest, SYNC_11_closing_the_loop_while_all_of_it_waits) {
    Lives lives;
    const asyncio::testing::CapturedLog log;
    auto body = [&](TaskGroup& group) -> Coro<> {
        auto wait = [life = lives.one()](int) -> Coro<int> {
            co_await asyncio::sleep(1h);
            co_return 1;
        };
        auto pipeline = Pipeline<int>(group, 1).stage(wait, {.capacity = 1}).stage(twice);
        for (int i = 0; i < 5; ++i) co_await pipeline.put(i);
    };
    loop.create_task(in_group(body));
    run(turns(5));
    EXPECT_GT(lives.now(), 0);
    loop.close();
    EXPECT_EQ(lives.now(), 0);
}

TEST(PipelineSchedules, PAT_1_PAT_3_items_in_are_items_out) {
    support::on_each_schedule([](Chance& chance) -> Coro<> {
        int stored = 0;
        const int items = 1 + chance.below(20);
        auto body = [&](TaskGroup& group) -> Coro<> {
            auto work = [&](int item) -> Coro<int> {
                co_await chance.wait_below(3);
                co_return item;
            };
            auto store = [&](int) -> Coro<> {
                co_await chance.wait_below(3);
                ++stored;
            };
            auto pipeline = Pipeline<int>(group, 1 + chance.below(3))
                                .stage(work, {.workers = 1 + chance.below(3), .capacity = 1 + chance.below(3)})
                                .stage(store, {.workers = 1 + chance.below(3)});
            for (int i = 0; i < items; ++i) {
                co_await chance.wait_below(2);
                co_await pipeline.put(i);
            }
        };
        co_await asyncio::async_with(TaskGroup(), body);
        EXPECT_EQ(stored, items);
    });
}

TEST_P(PipelineTest, PAT_3_put_throws_when_all_workers_were_cancelled_before_their_first_step) {
    run([&]() -> Coro<> {
        auto body = [&](TaskGroup& group) -> Coro<> {
            const auto before = asyncio::all_tasks();
            auto pipeline = Pipeline<int>(group, 1).stage(twice, {.workers = 2});
            for (const auto& task : asyncio::all_tasks())
                if (std::find(before.begin(), before.end(), task) == before.end()) task.cancel();
            co_await turns();
            bool refused = false;
            try {
                co_await pipeline.put(1);
            } catch (const asyncio::QueueShutDown&) {
                refused = true;
            }
            EXPECT_TRUE(refused);
            EXPECT_FALSE(co_await pipeline.next());
        };
        co_await in_group(body);
    });
}

TEST_P(PipelineTest, PAT_3_put_throws_after_a_stage_has_failed) {
    run([&]() -> Coro<> {
        std::optional<Pipeline<int, void>> pipeline;  // outlives the group
        auto fail = [](int) -> Coro<> {
            co_await turns();
            throw std::runtime_error("stage");
        };
        auto body = [&](TaskGroup& group) -> Coro<> {
            pipeline.emplace(Pipeline<int>(group, 1).stage(fail));
            for (int i = 0; i < 5; ++i) co_await pipeline->put(i);  // cancelled, and not told of the end of the queue
        };
        std::size_t errors = 0;
        try {
            co_await in_group(body);
        } catch (const asyncio::ExceptionGroup& group) {
            errors = group.exceptions().size();
        }
        EXPECT_EQ(errors, 1U);
        bool refused = false;
        try {
            co_await pipeline->put(1);
        } catch (const asyncio::QueueShutDown&) {
            refused = true;
        }
        EXPECT_TRUE(refused);
    });
}

}  // namespace
