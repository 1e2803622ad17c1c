// run_in_executor, the default executor and its end: the rows EXEC, LOOP-8, LOOP-14 and RUN-3.

#include "support/gate.hpp"
#include "support/reports.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/loop/driver/simulated.hpp>
#include <asyncio/testing/captured_log.hpp>

#include <gtest/gtest.h>

#include <pthread.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <future>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using asyncio::Coro;
using asyncio::futures::ThreadPoolExecutor;
using support::eventually;
using support::Gate;
using namespace std::chrono_literals;

class RunInExecutor : public ::testing::Test {
public:
    template <class Coroutine>
    decltype(auto) run(Coroutine&& coroutine) {
        return loop.run_until_complete(std::forward<Coroutine>(coroutine));
    }
    void run_once() {
        loop.stop();
        loop.run_forever();
    }
    void TearDown() override {
        if (!loop.is_closed()) loop.close();
    }

    asyncio::EventLoop loop;
};

/// Runs a job in the submitting thread, when it is told to.
class ManualExecutor final : public asyncio::futures::Executor {
public:
    void execute(asyncio::futures::Job job) override { jobs.push_back(std::move(job)); }
    void shutdown(const asyncio::futures::ShutdownOptions&) override { jobs.clear(); }

    std::vector<asyncio::futures::Job> jobs;
};

TEST_F(RunInExecutor, EXEC_1_results_and_arguments_by_value) {
    run([&]() -> Coro<> {
        std::string text = "a";
        auto future = loop.run_in_executor(
            nullptr, [](const std::string& a, std::unique_ptr<int> b) { return a + std::to_string(*b); }, text,
            std::make_unique<int>(1));
        text = "changed";
        EXPECT_EQ(co_await future, "a1");
        auto moved = co_await loop.run_in_executor(nullptr, [] { return std::make_unique<int>(2); });
        EXPECT_EQ(*moved, 2);
        co_await loop.run_in_executor(nullptr, [] {});
        static int global = 0;
        int& reference = co_await loop.run_in_executor(nullptr, []() -> int& { return global; });
        EXPECT_EQ(&reference, &global);
    });
}

TEST_F(RunInExecutor, EXEC_1_starts_at_the_call_and_arrives_in_the_loops_thread) {
    std::promise<void> ran;
    auto future = loop.run_in_executor(nullptr, [&] { ran.set_value(); });
    ran.get_future().wait();
    EXPECT_FALSE(future.done()) << "the loop does not run";
    std::thread::id callback;
    future.add_done_callback([&](const auto&) {
        callback = std::this_thread::get_id();
        loop.stop();
    });
    loop.run_forever();
    EXPECT_EQ(callback, std::this_thread::get_id());
}

TEST_F(RunInExecutor, EXEC_1_on_a_closed_loop) {
    ThreadPoolExecutor pool;
    loop.close();
    EXPECT_THROW(loop.run_in_executor(nullptr, [] {}), asyncio::RuntimeError);
    EXPECT_THROW(loop.run_in_executor(pool, [] {}), asyncio::RuntimeError);
}

TEST_F(RunInExecutor, EXEC_1_debug_mode_refuses_other_threads) {
    loop.set_debug(true);
    loop.call_soon([&] {
        std::thread([&] { EXPECT_THROW(loop.run_in_executor(nullptr, [] {}), asyncio::RuntimeError); }).join();
        loop.stop();
    });
    loop.run_forever();
}

TEST_F(RunInExecutor, EXEC_2_the_default_executor_names_its_threads) {
    const auto name = [] {
        std::array<char, 32> text{};
        pthread_getname_np(pthread_self(), text.data(), text.size());
        return std::string(text.data());
    };
    EXPECT_EQ(run([&]() -> Coro<std::string> { co_return co_await loop.run_in_executor(nullptr, name); }), "asyncio_0");
}

TEST_F(RunInExecutor, EXEC_3_the_loop_is_not_blocked) {
    run([&]() -> Coro<> {
        Gate gate;
        auto job = loop.run_in_executor(nullptr, [&] { gate.pass(); });
        int steps = 0;
        for (; steps < 100; ++steps) co_await asyncio::sleep(0ms);
        EXPECT_FALSE(job.done());
        gate.open();
        co_await job;
    });
}

TEST_F(RunInExecutor, EXEC_4_a_cancelled_job_that_has_not_started_never_runs) {
    auto pool = std::make_shared<ThreadPoolExecutor>(asyncio::futures::ThreadPoolOptions{.max_workers = 1});
    loop.set_default_executor(pool);
    const auto argument = std::make_shared<int>(1);
    Gate gate;
    auto first = loop.run_in_executor(nullptr, [&] { gate.pass(); });
    run([&]() -> Coro<> {
        gate.wait_until_entered();
        auto task = asyncio::create_task([&]() -> Coro<> {
            const auto job = [argument] { ADD_FAILURE(); };
            co_await loop.run_in_executor(nullptr, job);
        });
        co_await asyncio::sleep(0ms);
        task.cancel();
        const std::vector waited{task};
        co_await asyncio::wait(waited);
        EXPECT_TRUE(task.cancelled());
        gate.open();
        co_await first;
        co_await loop.run_in_executor(nullptr, [] {});
    });
    pool->shutdown();
    EXPECT_EQ(argument.use_count(), 1);
}

TEST_F(RunInExecutor, EXEC_5_a_running_job_is_let_go_of) {
    ThreadPoolExecutor pool({.max_workers = 1});
    Gate gate;
    std::atomic<bool> destroyed_elsewhere{false};
    struct Watch {
        explicit Watch(std::atomic<bool>& flag) : flag(&flag), home(std::this_thread::get_id()) {}
        Watch(Watch&& other) noexcept : flag(std::exchange(other.flag, nullptr)), home(other.home) {}
        ~Watch() {
            if (flag != nullptr) *flag = std::this_thread::get_id() != home;
        }
        std::atomic<bool>* flag;
        std::thread::id home;
    };
    const auto result = std::make_shared<int>(1);
    const auto job = [&gate](const std::shared_ptr<int>& argument, const Watch&) {
        gate.pass();
        return argument;
    };
    run([&]() -> Coro<> {
        auto future = loop.run_in_executor(pool, job, result, Watch(destroyed_elsewhere));
        gate.wait_until_entered();
        auto task = asyncio::create_task([&]() -> Coro<> { static_cast<void>(co_await future); });
        co_await asyncio::sleep(0ms);
        EXPECT_TRUE(task.cancel());
        co_await asyncio::sleep(0ms);
        co_await asyncio::sleep(0ms);
        EXPECT_TRUE(task.cancelled());
        EXPECT_TRUE(future.cancelled());
        EXPECT_FALSE(destroyed_elsewhere) << "the arguments stay alive as long as the job runs";
        gate.open();
        co_await pool.aclose();
    });
    EXPECT_TRUE(destroyed_elsewhere);
    EXPECT_EQ(result.use_count(), 1) << "the dropped outcome is destroyed";
}

TEST_F(RunInExecutor, EXEC_5_the_exception_of_a_job_nobody_waits_for_any_more_is_dropped) {
    const support::Reports reports(loop);
    ThreadPoolExecutor pool({.max_workers = 1});
    Gate gate;
    run([&]() -> Coro<> {
        {
            auto future = loop.run_in_executor(pool, [&] {
                gate.pass();
                throw std::runtime_error("too late");
            });
            gate.wait_until_entered();
            future.cancel();
        }
        gate.open();
        co_await pool.aclose();
        co_await asyncio::sleep(0ms);
    });
    EXPECT_TRUE(reports.messages().empty());
}

TEST_F(RunInExecutor, EXEC_5_cancelled_after_the_outcome_was_posted) {
    ManualExecutor executor;
    run([&]() -> Coro<> {
        auto future = loop.run_in_executor(executor, [] { return 1; });
        auto task = asyncio::create_task([&]() -> Coro<> { static_cast<void>(co_await future); });
        co_await asyncio::sleep(0ms);
        executor.jobs[0].run();
        task.cancel();
        const std::vector waited{task};
        co_await asyncio::wait(waited);
        EXPECT_TRUE(task.cancelled());
    });
}

TEST_F(RunInExecutor, EXEC_5_the_job_outlives_its_handle) {
    std::atomic<int> runs{0};
    run([&]() -> Coro<> {
        ThreadPoolExecutor pool({.max_workers = 1});
        static_cast<void>(loop.run_in_executor(pool, [&] { ++runs; }));
        co_await pool.aclose();
    });
    EXPECT_EQ(runs, 1);
}

TEST_F(RunInExecutor, EXEC_16_a_failure_nobody_asks_for_is_reported) {
    const support::Reports reports(loop);
    run([&]() -> Coro<> {
        ThreadPoolExecutor pool({.max_workers = 1});
        static_cast<void>(loop.run_in_executor(pool, [] { throw std::runtime_error("unheard"); }));
        co_await pool.aclose();
        co_await asyncio::sleep(0ms);
    });
    EXPECT_EQ(reports.messages(), std::vector<std::string>{"Future exception was never retrieved"});
}

TEST_F(RunInExecutor, EXEC_7_set_default_executor) {
    auto pool = std::make_shared<ThreadPoolExecutor>(
        asyncio::futures::ThreadPoolOptions{.max_workers = 1, .thread_name_prefix = "mine"});
    auto first = std::make_shared<ThreadPoolExecutor>();
    loop.set_default_executor(first);
    loop.set_default_executor(pool);
    EXPECT_EQ(first->submit([] { return 1; }).result(), 1) << "the previous one is not shut down";
    run([&]() -> Coro<> { co_await loop.run_in_executor(nullptr, [] {}); });
    EXPECT_EQ(pool->threads(), 1U);
    loop.close();
    EXPECT_THROW(pool->submit([] {}), asyncio::RuntimeError);
    EXPECT_EQ(first->submit([] { return 1; }).result(), 1);
}

TEST_F(RunInExecutor, EXEC_8_LOOP_14_shutdown_waits_without_blocking) {
    run([&]() -> Coro<> {
        Gate gate;
        std::atomic<int> runs{0};
        auto pool = std::make_shared<ThreadPoolExecutor>(asyncio::futures::ThreadPoolOptions{.max_workers = 1});
        loop.set_default_executor(pool);
        auto job = loop.run_in_executor(nullptr, [&] { gate.pass(); });
        auto queued = loop.run_in_executor(nullptr, [&] { ++runs; });
        gate.wait_until_entered();
        auto shutdown = asyncio::create_task(loop.shutdown_default_executor());
        for (int i = 0; i < 5; ++i) co_await asyncio::sleep(0ms);
        EXPECT_FALSE(shutdown.done());
        gate.open();
        co_await shutdown;
        EXPECT_EQ(runs, 1);
        EXPECT_EQ(pool->threads(), 0U);
        co_await loop.shutdown_default_executor();
        co_await queued;
        co_await job;
    });
}

TEST_F(RunInExecutor, EXEC_8_without_a_pool) {
    run([&]() -> Coro<> { co_await loop.shutdown_default_executor(); });
}

TEST_F(RunInExecutor, EXEC_9_a_shutdown_that_takes_too_long) {
    asyncio::testing::CapturedLog log;
    Gate gate;
    run([&]() -> Coro<> {
        static_cast<void>(loop.run_in_executor(nullptr, [&] { gate.pass(); }));
        gate.wait_until_entered();
        co_await loop.shutdown_default_executor({.timeout = 10ms});
    });
    EXPECT_TRUE(log.contains("The executor did not finishing joining its threads within 0.01 seconds."));
    loop.close();
    gate.open();
}

TEST_F(RunInExecutor, EXEC_10_after_the_shutdown) {
    run([&]() -> Coro<> {
        co_await loop.shutdown_default_executor();
        loop.set_default_executor(std::make_shared<ThreadPoolExecutor>());
        EXPECT_THROW(loop.run_in_executor(nullptr, [] {}), asyncio::RuntimeError);
        ThreadPoolExecutor explicit_one;
        co_await loop.run_in_executor(explicit_one, [] {});
    });
}

TEST_F(RunInExecutor, EXEC_11_RUN_3_the_end_of_run_waits_for_the_pool) {
    std::atomic<int> runs{0};
    asyncio::run([&]() -> Coro<> {
        static_cast<void>(asyncio::get_running_loop().run_in_executor(nullptr, [&] {
            std::this_thread::sleep_for(3ms);
            ++runs;
        }));
        co_return;
    });
    EXPECT_EQ(runs, 1);
}

TEST_F(RunInExecutor, EXEC_11_RUN_3_a_job_may_need_the_loop_in_the_tear_down) {
    int answer = 0;
    asyncio::run([&]() -> Coro<> {
        asyncio::EventLoop& own = asyncio::get_running_loop();
        static_cast<void>(own.run_in_executor(nullptr, [&] {
            std::this_thread::sleep_for(3ms);
            answer = asyncio::run_coroutine_threadsafe([]() -> Coro<int> { co_return 5; }, own).result();
        }));
        co_return;
    });
    EXPECT_EQ(answer, 5);
}

TEST_F(RunInExecutor, EXEC_11_RUN_3_a_virtual_clock_does_not_cut_the_tear_down_short) {
    asyncio::testing::CapturedLog log;
    std::atomic<int> runs{0};
    const auto factory = [] {
        return std::make_unique<asyncio::EventLoop>(
            std::make_unique<asyncio::SimulatedDriver>(asyncio::SimulatedOptions{.allow_threads = true}));
    };
    asyncio::run(
        [&]() -> Coro<> {
            auto& own = asyncio::get_running_loop();
            EXPECT_EQ(co_await own.run_in_executor(nullptr, [] { return 1; }), 1);
            static_cast<void>(own.run_in_executor(nullptr, [&] {
                std::this_thread::sleep_for(5ms);
                ++runs;
            }));
        },
        {.loop_factory = factory});
    EXPECT_EQ(runs, 1);
    EXPECT_EQ(log.text(), "");
}

TEST_F(RunInExecutor, EXEC_11_LOOP_8_close_does_not_wait_and_late_jobs_touch_nothing) {
    Gate gate;
    std::atomic<bool> ended{false};
    auto other = std::make_unique<asyncio::EventLoop>();
    {
        auto running = other->run_in_executor(nullptr, [&] { gate.pass(); });
        auto queued = other->run_in_executor(nullptr, [&] { ended = true; });
        gate.wait_until_entered();
        other->close();
        EXPECT_FALSE(running.done());
    }
    other.reset();
    gate.open();
    EXPECT_TRUE(eventually([&] { return ended.load(); }));
}

TEST_F(RunInExecutor, EXEC_11_a_task_that_waits_is_destroyed_with_its_loop) {
    asyncio::testing::CapturedLog log;
    Gate gate;
    ThreadPoolExecutor pool;
    static_cast<void>(loop.create_task([&]() -> Coro<> {
        co_await loop.run_in_executor(pool, [&] { gate.pass(); });
        ADD_FAILURE();
    }));
    run_once();
    gate.wait_until_entered();
    loop.close();
    gate.open();
}

TEST_F(RunInExecutor, EXEC_11_jobs_that_end_while_the_loop_closes) {
    asyncio::testing::CapturedLog log;
    ThreadPoolExecutor pool({.max_workers = 2});
    for (int round = 0; round < 50; ++round) {
        const auto alive = std::make_shared<int>(0);
        asyncio::EventLoop own;
        for (int i = 0; i < 20; ++i) {
            own.create_task([&]() -> Coro<> {
                const auto job = [alive] { return alive; };
                static_cast<void>(co_await own.run_in_executor(pool, job));
            });
        }
        own.stop();
        own.run_forever();
        own.close();
        EXPECT_TRUE(eventually([&] { return alive.use_count() == 1; })) << "round " << round;
    }
}

TEST_F(RunInExecutor, EXEC_13_an_exhausted_pool_queues_fifo) {
    ThreadPoolExecutor pool({.max_workers = 1});
    std::vector<int> order;
    run([&]() -> Coro<> {
        std::vector<asyncio::Future<void>> jobs;
        for (int i = 0; i < 50; ++i) jobs.push_back(loop.run_in_executor(pool, [&order, i] { order.push_back(i); }));
        co_await asyncio::gather(jobs);
    });
    for (int i = 0; i < 50; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
}

TEST_F(RunInExecutor, EXEC_14_coroutine_functions_do_not_compile) {
    const auto coroutine_function = []() -> Coro<> { co_return; };
    const auto function = [](int) {};
    static_assert(!asyncio::detail::Job<decltype(coroutine_function)>);
    static_assert(asyncio::detail::Job<decltype(function), int>);
    static_assert(!asyncio::detail::Job<decltype(function), std::string>);
}

TEST_F(RunInExecutor, EXEC_17_a_lambda_stands_for_keyword_arguments) {
    const std::string path = "path";
    const auto job = [path, limit = 3U] { return path.substr(0, limit); };
    EXPECT_EQ(run([&]() -> Coro<std::string> { co_return co_await loop.run_in_executor(nullptr, job); }), "pat");
}

TEST_F(RunInExecutor, EXEC_16_every_type_of_exception_arrives) {
    run([&]() -> Coro<> {
        auto range = loop.run_in_executor(nullptr, [] { throw std::out_of_range("far"); });
        EXPECT_THROW(co_await range, std::out_of_range);
        auto number = loop.run_in_executor(nullptr, [] { throw 5; });
        EXPECT_THROW(co_await number, int);
        auto cancelled = loop.run_in_executor(nullptr, [] { throw asyncio::futures::CancelledError(); });
        EXPECT_THROW(co_await cancelled, asyncio::CancelledError) << "CF-9: converted at the border";
        EXPECT_FALSE(cancelled.cancelled());
        auto state = loop.run_in_executor(nullptr, [] { throw asyncio::futures::InvalidStateError("bad"); });
        EXPECT_THROW(co_await state, asyncio::InvalidStateError);
    });
}

TEST_F(RunInExecutor, EXEC_18_a_counter_with_a_mutex) {
    std::mutex mutex;
    int counter = 0;
    const auto count = [&] {
        for (int i = 0; i < 1000; ++i) {
            const std::lock_guard lock(mutex);
            ++counter;
        }
    };
    run([&]() -> Coro<> {
        co_await asyncio::gather(loop.run_in_executor(nullptr, count), loop.run_in_executor(nullptr, count));
    });
    EXPECT_EQ(counter, 2000);
}

TEST_F(RunInExecutor, TPE_1_an_executor_of_ones_own) {
    ManualExecutor executor;
    run([&]() -> Coro<> {
        auto run_one = loop.run_in_executor(executor, [] { return 1; });
        auto cancelled = loop.run_in_executor(executor, [] { return 2; });
        auto failed = loop.run_in_executor(executor, [] { return 3; });
        auto dropped = loop.run_in_executor(executor, [] { return 4; });
        executor.jobs[0].run();
        executor.jobs[1].cancel();
        executor.jobs[2].fail(std::make_exception_ptr(asyncio::futures::BrokenExecutor("gone")));
        executor.jobs.clear();
        EXPECT_EQ(co_await run_one, 1);
        EXPECT_THROW(co_await cancelled, asyncio::CancelledError);
        EXPECT_TRUE(cancelled.cancelled());
        EXPECT_THROW(co_await failed, asyncio::futures::BrokenExecutor);
        EXPECT_THROW(co_await dropped, asyncio::CancelledError);
    });
    auto submitted = executor.submit([] { return 5; });
    executor.jobs[0].run();
    EXPECT_EQ(submitted.result(), 5);
}

TEST_F(RunInExecutor, TPE_1_an_executor_that_refuses) {
    ThreadPoolExecutor pool;
    pool.shutdown();
    const auto argument = std::make_shared<int>(1);
    EXPECT_THROW(loop.run_in_executor(pool, [](const auto&) {}, argument), asyncio::RuntimeError);
    run_once();
    EXPECT_EQ(argument.use_count(), 1);
}

TEST_F(RunInExecutor, TPE_8_cancel_futures_cancels_the_loops_futures) {
    ThreadPoolExecutor pool({.max_workers = 1});
    Gate gate;
    run([&]() -> Coro<> {
        auto running = loop.run_in_executor(pool, [&] { gate.pass(); });
        auto queued = loop.run_in_executor(pool, [] { ADD_FAILURE(); });
        gate.wait_until_entered();
        pool.shutdown({.wait = false, .cancel_futures = true});
        EXPECT_THROW(co_await queued, asyncio::CancelledError);
        gate.open();
        co_await running;
    });
}

TEST_F(RunInExecutor, EXEC_cancelled_when_the_answer_is_on_its_way) {
    ManualExecutor executor;
    {
        const auto future = loop.run_in_executor(executor, [] { return 7; });
        executor.jobs.back().run();
        EXPECT_TRUE(future.cancel());
        EXPECT_TRUE(future.cancelled());
    }
    run_once();
    const auto future = loop.run_in_executor(executor, [] { return 7; });
    executor.jobs.back().run();
    EXPECT_TRUE(future.cancel());
    loop.close();
    EXPECT_TRUE(future.cancelled());
}

TEST_F(RunInExecutor, EXEC_1_an_over_aligned_argument_stays_aligned) {
    struct alignas(64) Line {
        char bytes[64]{};
    };
    static const Line line;
    ManualExecutor executor;
    std::vector<asyncio::Future<bool>> aligned;
    for (int i = 0; i < 8; ++i)
        aligned.push_back(loop.run_in_executor(
            executor, [](const Line& given) { return reinterpret_cast<std::uintptr_t>(&given) % 64 == 0; }, line));
    for (auto& job : executor.jobs) job.run();
    run([&]() -> Coro<> {
        for (const auto& future : aligned) EXPECT_TRUE(co_await future);
    });
}

/// A result whose destructor waits for another job of the pool.
struct WaitsForAnother {
    WaitsForAnother(ThreadPoolExecutor& executor, std::promise<bool>& answer) : pool(&executor), ran(&answer) {}
    WaitsForAnother(WaitsForAnother&& other) noexcept : pool(std::exchange(other.pool, nullptr)), ran(other.ran) {}
    ~WaitsForAnother() {
        if (pool == nullptr) return;
        try {
            ran->set_value(pool->submit([] { return true; }).result({.timeout = 1min}));
        } catch (const asyncio::TimeoutError&) {
            ran->set_value(false);
        }
    }
    ThreadPoolExecutor* pool;
    std::promise<bool>* ran;
};

TEST_F(RunInExecutor, EXEC_5_the_result_that_nobody_wants_is_destroyed_as_a_part_of_the_job) {
    std::promise<bool> ran;
    ThreadPoolExecutor pool({.max_workers = 2});
    Gate first;
    Gate second;
    auto both = std::array{pool.submit([&] { first.pass(); }), pool.submit([&] { second.pass(); })};
    first.wait_until_entered();
    second.wait_until_entered();
    first.open();
    second.open();
    for (auto& one : both) one.result();
    Gate gate;
    auto future = loop.run_in_executor(&pool, [&] {
        gate.pass();
        return WaitsForAnother(pool, ran);
    });
    gate.wait_until_entered();
    run_once();  // the other thread has time to go to sleep
    EXPECT_TRUE(future.cancel());
    gate.open();
    EXPECT_TRUE(ran.get_future().get());
}

}  // namespace
