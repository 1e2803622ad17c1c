// ThreadPoolExecutor: the rows TPE.

#include "support/gate.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/testing/captured_log.hpp>
#include <asyncio/testing/fault_plan.hpp>

#include <gtest/gtest.h>

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <memory>
#include <ranges>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using asyncio::Coro;
using asyncio::futures::BrokenExecutor;
using asyncio::futures::BrokenThreadPool;
using asyncio::futures::Future;
using asyncio::futures::ThreadPoolExecutor;
using support::eventually;
using support::Gate;
using namespace std::chrono_literals;

std::string thread_name() {
    std::array<char, 32> name{};
    pthread_getname_np(pthread_self(), name.data(), name.size());
    return name.data();
}

template <class E>
std::string message_of(auto&& action) {
    try {
        action();
    } catch (const E& error) {
        return error.what();
    }
    return "nothing was thrown";
}

TEST(ThreadPool, TPE_2_max_workers_must_be_positive) {
    EXPECT_EQ(message_of<std::invalid_argument>([] { ThreadPoolExecutor({.max_workers = 0}); }),
              "max_workers must be greater than 0");
    EXPECT_THROW(ThreadPoolExecutor({.max_workers = -1}), std::invalid_argument);
}

TEST(ThreadPool, TPE_2_submit_stores_callable_and_arguments_by_value) {
    ThreadPoolExecutor pool;
    std::string text = "before";
    auto future = pool.submit([](const std::string& a, std::unique_ptr<int> b) { return a + std::to_string(*b); }, text,
                              std::make_unique<int>(7));
    text = "after";
    EXPECT_EQ(future.result(), "before7");
    struct Adder {
        int value;
        int add(int more) { return value + more; }
    };
    EXPECT_EQ(pool.submit(&Adder::add, Adder{3}, 4).result(), 7);
}

TEST(ThreadPool, TPE_2_the_default_is_bounded) {
    ThreadPoolExecutor pool;
    std::atomic<bool> go{false};
    std::vector<Future<void>> futures;
    for (int i = 0; i < 40; ++i) {
        futures.push_back(pool.submit([&] {
            while (!go) std::this_thread::sleep_for(100us);
        }));
    }
    EXPECT_GE(pool.threads(), 5U);
    EXPECT_LE(pool.threads(), 32U);
    go = true;
    for (const auto& future : futures) future.result();
}

TEST(ThreadPool, TPE_3_threads_start_on_demand_and_an_idle_one_is_used_first) {
    ThreadPoolExecutor pool({.max_workers = 4});
    EXPECT_EQ(pool.threads(), 0U);
    for (int i = 0; i < 200; ++i) EXPECT_EQ(pool.submit([i] { return i; }).result(), i);
    EXPECT_EQ(pool.threads(), 1U) << "each job was submitted after the one before it was done";
    std::array<Gate, 4> gates;
    std::vector<Future<void>> futures;
    for (Gate& gate : gates) {
        futures.push_back(pool.submit([&] { gate.pass(); }));
        gate.wait_until_entered();
    }
    EXPECT_EQ(pool.threads(), 4U);
    auto queued = pool.submit([] {});
    EXPECT_EQ(pool.threads(), 4U);
    for (Gate& gate : gates) gate.open();
    queued.result();
}

TEST(ThreadPool, TPE_3_threads_have_names) {
    ThreadPoolExecutor pool({.max_workers = 2, .thread_name_prefix = "worker"});
    Gate gate;
    auto first = pool.submit([&] {
        gate.pass();
        return thread_name();
    });
    gate.wait_until_entered();
    EXPECT_EQ(pool.submit(thread_name).result(), "worker_1");
    gate.open();
    EXPECT_EQ(first.result(), "worker_0");
    ThreadPoolExecutor unnamed;
    EXPECT_EQ(unnamed.submit(thread_name).result(), "ThreadPoolExe_0") << "the number stays";
}

TEST(ThreadPool, TPE_4_one_worker_runs_fifo) {
    ThreadPoolExecutor pool({.max_workers = 1});
    std::vector<int> order;
    std::vector<Future<void>> futures;
    for (int i = 0; i < 100; ++i) futures.push_back(pool.submit([&order, i] { order.push_back(i); }));
    for (const auto& future : futures) future.result();
    for (int i = 0; i < 100; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
}

TEST(ThreadPool, TPE_5_the_initializer_runs_once_in_each_thread) {
    std::atomic<int> runs{0};
    static thread_local int mark = 0;
    ThreadPoolExecutor pool({.max_workers = 2, .initializer = [&runs] {
                                 ++runs;
                                 mark = 42;
                             }});
    EXPECT_EQ(runs, 0);
    for (int i = 0; i < 5; ++i) EXPECT_EQ(pool.submit([] { return mark; }).result(), 42);
    EXPECT_EQ(runs, 1);
    const std::function<void()> named = [&runs] { ++runs; };
    ThreadPoolExecutor other({.initializer = named});
    other.submit([] {}).result();
    EXPECT_EQ(runs, 2);
}

TEST(ThreadPool, TPE_5_a_failing_initializer_breaks_the_pool) {
    const asyncio::testing::CapturedLog log;
    Gate gate;
    const std::function<void()> fail = [&gate] {
        gate.pass();
        throw std::runtime_error("no device");
    };
    ThreadPoolExecutor pool({.max_workers = 1, .initializer = fail});
    auto first = pool.submit([] { return 1; });
    auto second = pool.submit([] { return 2; });
    gate.wait_until_entered();
    gate.open();
    EXPECT_EQ(message_of<BrokenThreadPool>([&] { first.result(); }),
              "A thread initializer failed, the thread pool is not usable anymore");
    EXPECT_THROW(second.result(), BrokenExecutor);
    EXPECT_TRUE(eventually([&] { return pool.threads() == 0; }));
    EXPECT_THROW(pool.submit([] {}), BrokenThreadPool);
    pool.shutdown();
    EXPECT_THROW(pool.submit([] {}), asyncio::RuntimeError);
}

TEST(ThreadPool, TPE_6_map_gives_results_in_the_order_of_the_input) {
    ThreadPoolExecutor pool({.max_workers = 3});
    std::vector<int> results;
    for (int result : pool.map([](int a, int b) { return a * b; }, std::vector{1, 2, 3, 4}, std::vector{5, 6, 7}))
        results.push_back(result);
    EXPECT_EQ(results, (std::vector{5, 12, 21})) << "the shortest range wins";
}

TEST(ThreadPool, TPE_6_map_submits_everything_at_once) {
    ThreadPoolExecutor pool({.max_workers = 1});
    std::atomic<int> runs{0};
    auto results = pool.map([&](int) { ++runs; }, std::vector{1, 2, 3});
    EXPECT_TRUE(eventually([&] { return runs == 3; }));
    int elements = 0;
    while (results.next()) ++elements;
    EXPECT_EQ(elements, 3);
}

TEST(ThreadPool, TPE_6_a_failure_in_map_ends_the_iteration_and_cancels_the_rest) {
    ThreadPoolExecutor pool({.max_workers = 1});
    std::atomic<int> runs{0};
    Gate gate;
    auto results = pool.map(
        [&](int i) {
            ++runs;
            if (i == 1) throw std::runtime_error("second");
            if (i == 2) gate.pass();
            return i;
        },
        std::vector{0, 1, 2, 3, 4, 5});
    gate.wait_until_entered();
    EXPECT_EQ(results.next(), 0);
    EXPECT_THROW(results.next(), std::runtime_error);
    EXPECT_EQ(results.next(), std::nullopt);
    gate.open();
    pool.shutdown();
    EXPECT_EQ(runs, 3) << "the one that ran already, and none after it";
}

TEST(ThreadPool, TPE_6_map_times_out) {
    Gate gate;
    ThreadPoolExecutor pool({.max_workers = 1});
    auto results = pool.map([&](int) { gate.pass(); }, std::vector{1}, {.timeout = 1ms});
    EXPECT_THROW(results.next(), asyncio::TimeoutError);
    gate.open();
}

TEST(ThreadPool, TPE_7_map_refers_to_an_input_by_name_and_owns_a_temporary_one) {
    ThreadPoolExecutor pool({.max_workers = 1});
    std::vector<std::string> names{"a", "b"};
    const auto add = [](std::string name) { return name + "!"; };
    std::string text;
    auto results = pool.map(add, names, {.buffersize = 1});
    names[1] = "changed before it was read";
    for (const std::string& result : results) text += result;
    EXPECT_EQ(text, "a!changed before it was read!");
    text.clear();
    for (const std::string& result : pool.map(add, std::vector<std::string>{"c", "d"}, {.buffersize = 1}))
        text += result;
    EXPECT_EQ(text, "c!d!");
}

TEST(ThreadPool, TPE_7_buffersize_reads_the_input_lazily) {
    ThreadPoolExecutor pool({.max_workers = 1});
    int read = 0;
    auto input = std::views::iota(0, 10) | std::views::transform([&](int i) {
                     ++read;
                     return i;
                 });
    auto results = pool.map([](int i) { return i; }, input, {.buffersize = 2});
    EXPECT_EQ(read, 2);
    EXPECT_EQ(results.next(), 0);
    EXPECT_EQ(read, 3);
    for (int i = 1; i < 10; ++i) EXPECT_EQ(results.next(), i);
    EXPECT_EQ(results.next(), std::nullopt);
    EXPECT_THROW(pool.map([](int i) { return i; }, std::vector{1}, {.buffersize = 0}), std::invalid_argument);
}

TEST(ThreadPool, TPE_8_shutdown_runs_all_that_is_queued) {
    ThreadPoolExecutor pool({.max_workers = 1});
    std::atomic<int> runs{0};
    for (int i = 0; i < 20; ++i) pool.submit([&] { ++runs; });
    pool.shutdown();
    EXPECT_EQ(runs, 20);
    EXPECT_EQ(pool.threads(), 0U);
    EXPECT_EQ(message_of<asyncio::RuntimeError>([&] { pool.submit([] {}); }),
              "cannot schedule new futures after shutdown");
    pool.shutdown();
    pool.shutdown({.wait = false, .cancel_futures = true});
}

TEST(ThreadPool, TPE_8_shutdown_without_waiting_still_runs_what_is_queued) {
    Gate gate;
    std::atomic<int> runs{0};
    {
        ThreadPoolExecutor pool({.max_workers = 1});
        pool.submit([&] { gate.pass(); });
        gate.wait_until_entered();
        pool.submit([&] { ++runs; });
        pool.shutdown({.wait = false});
        EXPECT_EQ(runs, 0);
        gate.open();
    }
    EXPECT_EQ(runs, 1);
}

TEST(ThreadPool, TPE_8_cancel_futures_cancels_what_has_not_started) {
    ThreadPoolExecutor pool({.max_workers = 1});
    Gate gate;
    const auto argument = std::make_shared<int>(1);
    std::vector<Future<void>> futures;
    futures.push_back(pool.submit([&] { gate.pass(); }));
    gate.wait_until_entered();
    for (int i = 0; i < 3; ++i) futures.push_back(pool.submit([argument] { ADD_FAILURE(); }));
    pool.shutdown({.wait = false, .cancel_futures = true});
    EXPECT_EQ(argument.use_count(), 1) << "what was captured is destroyed";
    EXPECT_FALSE(futures[0].cancelled());
    for (std::size_t i = 1; i < 4; ++i) EXPECT_TRUE(futures[i].cancelled());
    gate.open();
    futures[0].result();
}

TEST(ThreadPool, TPE_8_shutdown_from_its_own_thread_is_refused) {
    ThreadPoolExecutor pool;
    EXPECT_EQ(message_of<asyncio::RuntimeError>([&] { pool.submit([&] { pool.shutdown(); }).result(); }),
              "cannot join current thread");
}

TEST(ThreadPool, TPE_9_the_destructor_waits) {
    std::atomic<int> runs{0};
    {
        ThreadPoolExecutor pool({.max_workers = 2});
        for (int i = 0; i < 10; ++i) {
            pool.submit([&] {
                std::this_thread::sleep_for(100us);
                ++runs;
            });
        }
    }
    EXPECT_EQ(runs, 10);
}

TEST(ThreadPool, TPE_9_the_last_owner_may_be_a_job) {
    auto done = std::make_shared<std::promise<void>>();
    auto finished = done->get_future();
    {
        auto pool = std::make_shared<ThreadPoolExecutor>();
        Gate gate;
        pool->submit([pool, &gate, done]() mutable {
            gate.pass();
            pool.reset();
            done->set_value();
        });
        gate.wait_until_entered();
        pool.reset();
        gate.open();
        finished.wait();
    }
}

TEST(ThreadPool, TPE_9_aclose_waits_without_blocking_the_loop) {
    asyncio::run([]() -> Coro<> {
        ThreadPoolExecutor pool({.max_workers = 2});
        Gate gate;
        auto job = pool.submit([&] { gate.pass(); });
        gate.wait_until_entered();
        auto closing = asyncio::create_task(pool.aclose());
        for (int i = 0; i < 10; ++i) co_await asyncio::sleep(0ms);
        EXPECT_FALSE(closing.done());
        EXPECT_THROW(pool.submit([] {}), asyncio::RuntimeError);
        gate.open();
        co_await closing;
        EXPECT_TRUE(job.done());
        EXPECT_EQ(pool.threads(), 0U);
        co_await pool.aclose();
    });
}

TEST(ThreadPool, TPE_9_a_cancelled_aclose_leaves_the_shutdown_going_on) {
    asyncio::run([]() -> Coro<> {
        ThreadPoolExecutor pool({.max_workers = 1});
        Gate gate;
        pool.submit([&] { gate.pass(); });
        gate.wait_until_entered();
        auto first = asyncio::create_task(pool.aclose());
        auto second = asyncio::create_task(pool.aclose());
        co_await asyncio::sleep(0ms);
        first.cancel();
        co_await asyncio::sleep(0ms);
        co_await asyncio::sleep(0ms);
        EXPECT_TRUE(first.cancelled());
        EXPECT_FALSE(second.done());
        gate.open();
        co_await second;
    });
}

TEST(ThreadPool, TPE_10_a_job_submits_to_its_own_pool) {
    ThreadPoolExecutor pool({.max_workers = 2});
    EXPECT_EQ(pool.submit([&] { return pool.submit([] { return 5; }).result(); }).result(), 5);
}

TEST(ThreadPool, TPE_10_a_done_callback_may_wait_for_a_job_of_its_pool) {
    ThreadPoolExecutor pool({.max_workers = 2});
    Gate gate;
    std::promise<int> got;
    auto future = pool.submit([&] { gate.pass(); });
    gate.wait_until_entered();
    future.add_done_callback([&](const auto&) { got.set_value(pool.submit([] { return 3; }).result()); });
    gate.open();
    EXPECT_EQ(got.get_future().get(), 3) << "a thread that runs callbacks does not count as idle";
}

TEST(ThreadPool, TPE_3_a_first_thread_that_cannot_be_started_refuses_the_job) {
    ThreadPoolExecutor pool({.thread_name_prefix = "pool"});
    const auto argument = std::make_shared<int>(1);
    {
        asyncio::testing::FaultPlan plan;
        plan.fail(asyncio::testing::SystemCall::start_thread, EAGAIN);
        EXPECT_EQ(message_of<std::system_error>([&] { pool.submit([argument] { ADD_FAILURE(); }); }),
                  "start a thread of pool: Resource temporarily unavailable");
    }
    EXPECT_EQ(argument.use_count(), 1);
    EXPECT_EQ(pool.submit([] { return 1; }).result(), 1) << "the pool is usable when the system is again";
}

TEST(ThreadPool, TPE_3_a_further_thread_that_cannot_be_started_loses_no_job) {
    ThreadPoolExecutor pool({.max_workers = 2});
    Gate gate;
    pool.submit([&] { gate.pass(); });
    gate.wait_until_entered();
    asyncio::testing::FaultPlan plan;
    plan.fail(asyncio::testing::SystemCall::start_thread, EAGAIN);
    auto future = pool.submit([] { return 1; });
    EXPECT_EQ(pool.threads(), 1U);
    gate.open();
    EXPECT_EQ(future.result(), 1);
}

TEST(ThreadPool, TPE_3_signals_are_blocked_in_the_threads) {
    ThreadPoolExecutor pool;
    auto [interrupt, user, fault] =
        pool.submit([] {
                sigset_t mask;
                pthread_sigmask(SIG_SETMASK, nullptr, &mask);
                return std::array{sigismember(&mask, SIGINT), sigismember(&mask, SIGUSR1), sigismember(&mask, SIGSEGV)};
            })
            .result();
    EXPECT_EQ(interrupt, 1);
    EXPECT_EQ(user, 1);
    EXPECT_EQ(fault, 0);
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    EXPECT_EQ(sigismember(&mask, SIGUSR1), 0) << "here they are not";
}

#if !defined(__SANITIZE_THREAD__)  // ThreadSanitizer does not follow a fork of a process with threads

int status_of_child(auto&& child) {
    const pid_t pid = fork();
    if (pid == 0) child();
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}

TEST(ThreadPool, TPE_11_in_a_forked_child_the_pool_is_unusable) {
    auto pool = std::make_unique<ThreadPoolExecutor>();
    pool->submit([] {}).result();
    const int status = status_of_child([&] {
        alarm(20);
        try {
            pool->submit([] {});
            _exit(1);
        } catch (const asyncio::RuntimeError&) {
        }
        pool->shutdown();
        pool.reset();
        ThreadPoolExecutor own;
        _exit(own.submit([] { return 7; }).result());
    });
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 7);
    EXPECT_EQ(pool->submit([] { return 1; }).result(), 1) << "here it works";
}

TEST(ThreadPool, TPE_11_the_end_of_the_program_finishes_queues_and_joins) {
    std::array<int, 2> pipe{};
    ASSERT_EQ(::pipe(pipe.data()), 0);
    const int status = status_of_child([&] {
        alarm(20);
        auto* leaked = new ThreadPoolExecutor({.max_workers = 1});
        static const ThreadPoolExecutor* keep = leaked;  // reachable, for the leak checker
        static_cast<void>(keep);
        leaked->submit([&] { std::this_thread::sleep_for(2ms); });
        leaked->submit([&] { static_cast<void>(::write(pipe[1], "x", 1) == 1); });
        std::exit(3);
    });
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 3);
    close(pipe[1]);
    char byte = 0;
    EXPECT_EQ(read(pipe[0], &byte, 1), 1) << "the queued job ran";
    close(pipe[0]);
}

#endif

TEST(ThreadPool, TPE_4_many_threads_submit_at_once) {
    ThreadPoolExecutor pool({.max_workers = 4});
    std::atomic<int> sum{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 500; ++i) {
                auto future = pool.submit([&] { ++sum; });
                if (i % 3 == 0) future.result();
            }
        });
    }
    for (auto& thread : threads) thread.join();
    pool.shutdown();
    EXPECT_EQ(sum, 2000);
}

}  // namespace
