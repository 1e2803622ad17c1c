// ProcessPoolExecutor: workers that die, and what is left then.

#include "executor/process_jobs.hpp"
#include "support/gate.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/executor/process_pool_executor.hpp>
#include <asyncio/testing/captured_log.hpp>

#include <gtest/gtest.h>

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <fstream>
#include <new>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace process_jobs {

std::string work(int number, const std::string& text) {
    return std::to_string(number) + text;
}
int dies_at_first(const std::string& path) {
    const bool first = !exists(path);
    touch(path);
    if (first) ::raise(SIGKILL);
    return 7;
}
std::size_t allocate(std::size_t size) {
    const std::vector<char> memory(size, 1);
    const char* volatile seen = memory.data();  // or Clang would allocate nothing
    return seen != nullptr ? memory.size() : 0;
}
void kill_initializer() {
    ::_exit(9);
}
void initializer_with_a_signal(int signal) {
    ::raise(signal);
}
int close_all_descriptors(int result) {
    ::syscall(SYS_close_range, 3U, ~0U, 0U);
    return result;
}
/// Goes on when the file `path` + ".go" is there, whoever asks it to end.
void survive_termination(const std::string& path) {
    std::signal(SIGTERM, SIG_IGN);
    wait_for_go(path);
}

}  // namespace process_jobs

namespace {

using asyncio::Coro;
using asyncio::remote;
using asyncio::futures::BrokenExecutor;
using asyncio::futures::BrokenProcessPool;
using asyncio::futures::Future;
using asyncio::futures::ProcessPoolExecutor;
using asyncio::futures::ProcessPoolOptions;
using asyncio::futures::StartMethod;
using asyncio::futures::WorkerDied;
using process_tests::Folder;
using process_tests::gone;
using support::eventually;
using namespace std::chrono_literals;

constexpr const char* running_or_pending =
    "A process in the process pool was terminated abruptly while the future was running or pending.";

template <class E>
std::string message_of(auto&& action) {
    try {
        action();
    } catch (const E& error) {
        return error.what();
    }
    return "nothing was thrown";
}

asyncio::futures::WorkerEnd end_of(const Future<void>& future) {
    try {
        future.result();
    } catch (const WorkerDied& died) {
        return died.end();
    }
    return {};
}

class WorkerDeath : public testing::TestWithParam<StartMethod> {};
INSTANTIATE_TEST_SUITE_P(Start, WorkerDeath, testing::Values(StartMethod::spawn, StartMethod::forkserver),
                         &process_tests::name_of_start);

TEST_P(WorkerDeath, PPE_8_a_signal_fails_the_job_that_ran_and_names_it) {
    ProcessPoolExecutor pool({.max_workers = 1, .start = GetParam()});
    const auto before = pool.submit(remote<&process_jobs::square>, 2);
    const auto dies = pool.submit(remote<&process_jobs::raise_signal>, SIGKILL);
    const auto after = pool.submit(remote<&process_jobs::square>, 3);
    EXPECT_EQ(before.result(), 4);
    const auto end = end_of(dies);
    EXPECT_EQ(end.signal, SIGKILL);
    EXPECT_EQ(end.attempt, 1);
    EXPECT_NE(end.function.find("raise_signal"), std::string::npos);
    EXPECT_EQ(message_of<BrokenExecutor>([&] { dies.result(); }), "worker process " + std::to_string(end.pid) +
                                                                      " was killed by SIGKILL (Killed) while it ran " +
                                                                      end.function + " (attempt 1)");
    EXPECT_EQ(after.result(), 9);
}

TEST_P(WorkerDeath, PPE_8_a_job_that_exits_fails_alone) {
    ProcessPoolExecutor pool({.max_workers = 1, .start = GetParam()});
    const auto dies = pool.submit(remote<&process_jobs::leave>, 3);
    const auto after = pool.submit(remote<&process_jobs::square>, 3);
    EXPECT_NE(message_of<WorkerDied>([&] { dies.result(); }).find("exited with status 3"), std::string::npos);
    EXPECT_EQ(after.result(), 9);
}

TEST_P(WorkerDeath, PPE_8_jobs_of_other_workers_do_not_notice) {
    const Folder folder;
    ProcessPoolExecutor pool({.max_workers = 2, .start = GetParam()});
    const auto waits = pool.submit(remote<&process_jobs::wait_for_go>, folder.file("job"));
    ASSERT_TRUE(eventually([&] { return process_jobs::exists(folder.file("job")); }));
    const auto dies = pool.submit(remote<&process_jobs::raise_signal>, SIGTERM);
    EXPECT_EQ(end_of(dies).signal, SIGTERM);
    EXPECT_FALSE(waits.done());
    process_jobs::touch(folder.file("job.go"));
    EXPECT_GT(waits.result(), 0);
}

TEST_P(WorkerDeath, PPE_8_an_idle_worker_that_is_killed_is_replaced) {
    ProcessPoolExecutor pool({.max_workers = 1, .start = GetParam()});
    const int first = pool.submit(remote<&process_jobs::process>).result();
    process_tests::kill_process(first);
    ASSERT_TRUE(eventually([&] { return pool.worker_pids().empty(); }));
    EXPECT_NE(pool.submit(remote<&process_jobs::process>).result(), first);
}

TEST_P(WorkerDeath, PPE_8_retries_run_the_job_again) {
    const Folder folder;
    ProcessPoolExecutor pool({.max_workers = 1, .start = GetParam(), .retries = 1});
    EXPECT_EQ(pool.submit(remote<&process_jobs::dies_at_first>, folder.file("job")).result(), 7);
    const auto dies = pool.submit(remote<&process_jobs::raise_signal>, SIGKILL);
    EXPECT_EQ(end_of(dies).attempt, 2);
}

TEST_P(WorkerDeath, PPE_8_a_hanging_job_is_ended_at_its_limit) {
    // Enough for the short job, however long others have the processors.
    ProcessPoolExecutor pool({.max_workers = 1, .start = GetParam(), .wall_time_limit = 1500ms});
    const auto hangs = pool.submit(remote<&process_jobs::hang>);
    const auto after = pool.submit(remote<&process_jobs::square>, 3);
    EXPECT_NE(message_of<WorkerDied>([&] { hangs.result(); }).find("took longer than 1.5 seconds (attempt 1)"),
              std::string::npos);
    EXPECT_EQ(after.result(), 9);
}

TEST_P(WorkerDeath, PPE_8_a_job_that_uses_too_much_processor_time_is_ended) {
    ProcessPoolExecutor pool({.max_workers = 1, .start = GetParam(), .cpu_time_limit = 200ms});
    const auto spins = pool.submit(remote<&process_jobs::spin>);
    EXPECT_NE(message_of<WorkerDied>([&] { static_cast<void>(spins.result()); }).find("SIGXCPU"), std::string::npos);
    for (int i = 0; i < 5; ++i) EXPECT_EQ(pool.submit(remote<&process_jobs::square>, 3).result(), 9);
}

TEST_P(WorkerDeath, PPE_8_a_job_that_wants_too_much_memory_fails) {
    constexpr std::size_t limit = std::size_t{256} << 20;
    ProcessPoolExecutor pool({.max_workers = 1, .start = GetParam(), .memory_limit = limit});
    EXPECT_EQ(pool.submit(remote<&process_jobs::allocate>, limit / 4).result(), limit / 4);
    const auto greedy = pool.submit(remote<&process_jobs::allocate>, 2 * limit);
    if (sanitized) {
        EXPECT_THROW(greedy.result(), std::exception);  // it aborts in the worker
    } else {
        EXPECT_THROW(greedy.result(), std::bad_alloc);
    }
    EXPECT_EQ(pool.submit(remote<&process_jobs::square>, 3).result(), 9);
}

TEST_P(WorkerDeath, PPE_8_strict_fails_all_jobs_and_breaks_the_pool) {
    asyncio::testing::CapturedLog log;
    const Folder folder;
    ProcessPoolExecutor pool({.max_workers = 2, .start = GetParam(), .strict = true});
    const auto hangs = pool.submit(remote<&process_jobs::hang_after_touching>, folder.file("job"));
    ASSERT_TRUE(eventually([&] { return process_jobs::exists(folder.file("job")); }));
    const std::string crash = folder.file("crash");
    std::vector<Future<void>> futures{hangs, pool.submit(remote<&process_jobs::raise_signal_on_go>, crash, SIGSEGV)};
    for (int i = 0; i < 5; ++i) futures.push_back(pool.submit(remote<&process_jobs::hang>));
    process_jobs::touch(crash + ".go");  // a broken pool would have refused them
    for (const auto& future : futures) {
        EXPECT_EQ(message_of<BrokenProcessPool>([&] { future.result(); }), running_or_pending);
    }
    EXPECT_EQ(message_of<BrokenProcessPool>([&] { pool.submit(remote<&process_jobs::square>, 2); }),
              "A child process terminated abruptly, the process pool is not usable anymore");
    pool.shutdown();
    EXPECT_TRUE(pool.worker_pids().empty());
}

TEST_P(WorkerDeath, PPE_9_an_initializer_that_exits_breaks_the_pool) {
    asyncio::testing::CapturedLog log;
    ProcessPoolExecutor pool(
        {.max_workers = 1, .start = GetParam(), .initializer = remote<&process_jobs::kill_initializer>});
    EXPECT_THROW(pool.submit(remote<&process_jobs::square>, 2).result(), BrokenProcessPool);
    EXPECT_TRUE(log.contains("exited with status 9"));
}

TEST_P(WorkerDeath, PPE_9_an_initializer_that_dies_each_time_breaks_the_pool) {
    asyncio::testing::CapturedLog log;
    ProcessPoolExecutor pool({.max_workers = 1,
                              .start = GetParam(),
                              .initializer = {remote<&process_jobs::initializer_with_a_signal>, SIGUSR1}});
    EXPECT_THROW(pool.submit(remote<&process_jobs::square>, 2).result(), BrokenProcessPool);
    EXPECT_TRUE(log.contains("in the initializer?"));
}

TEST_P(WorkerDeath, PPE_9_an_initializer_that_hangs_is_ended_at_the_limit) {
    asyncio::testing::CapturedLog log;
    ProcessPoolExecutor pool(
        {.max_workers = 1, .start = GetParam(), .initializer = remote<&process_jobs::hang>, .wall_time_limit = 100ms});
    EXPECT_THROW(pool.submit(remote<&process_jobs::square>, 2).result(), BrokenProcessPool);
}

TEST_P(WorkerDeath, PPE_8_a_job_that_closes_all_descriptors_still_gives_its_result) {
    asyncio::testing::CapturedLog log;
    ProcessPoolExecutor pool({.max_workers = 1, .start = GetParam()});
    EXPECT_EQ(pool.submit(remote<&process_jobs::close_all_descriptors>, 5).result(), 5);
    EXPECT_EQ(pool.submit(remote<&process_jobs::square>, 3).result(), 9);
}

TEST(EndWorkersThat, PPE_14_ignore_the_signal_leave_when_their_job_is_done) {
    const Folder folder;
    ProcessPoolExecutor pool({.max_workers = 1});
    const auto survives = pool.submit(remote<&process_jobs::survive_termination>, folder.file("job"));
    ASSERT_TRUE(eventually([&] { return process_jobs::exists(folder.file("job")); }));
    pool.terminate_workers();
    process_jobs::touch(folder.file("job.go"));
    pool.shutdown();
    EXPECT_TRUE(survives.done());
}

class EndWorkers : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Signal, EndWorkers, testing::Values(SIGTERM, SIGKILL),
                         [](const auto& info) { return info.param == SIGTERM ? "terminate" : "kill"; });

TEST_P(EndWorkers, PPE_14_running_jobs_fail_and_unsent_ones_are_cancelled) {
    const Folder folder;
    ProcessPoolExecutor pool({.max_workers = 1, .retries = 3});
    std::vector<Future<void>> futures;
    for (int i = 0; i < 6; ++i)
        futures.push_back(pool.submit(remote<&process_jobs::hang_after_touching>, folder.file("job")));
    ASSERT_TRUE(eventually([&] { return process_jobs::exists(folder.file("job")); }));
    if (GetParam() == SIGTERM) {
        pool.terminate_workers();
    } else {
        pool.kill_workers();
    }
    EXPECT_TRUE(futures.back().cancelled());
    EXPECT_EQ(end_of(futures.front()).signal, GetParam());
    EXPECT_THROW(pool.submit(remote<&process_jobs::square>, 1), asyncio::RuntimeError);
    pool.shutdown();
    for (const auto& future : futures) EXPECT_TRUE(future.done());
}

Coro<> await_death(ProcessPoolExecutor& pool) {
    co_await asyncio::get_running_loop().run_in_executor(pool, remote<&process_jobs::raise_signal>, SIGKILL);
}

TEST_P(WorkerDeath, PPE_15_the_death_of_the_worker_is_the_exception_of_the_await) {
    ProcessPoolExecutor pool({.max_workers = 1, .start = GetParam()});
    EXPECT_THROW(asyncio::run(await_death(pool)), WorkerDied);
}

// --- many at once ---

constexpr int jobs_of_storm = sanitized ? 500 : 10'000;

struct StormResult {
    int values = 0;
    int deaths = 0;
    int wrong = 0;
    int kills = 0;
    bool each_done_once = false;
};

/// Submits many jobs while somebody kills workers at random: the next one when what was submitted before the last kill
/// has ended, so that no job is hit twice, however slow the machine is.
StormResult storm(ProcessPoolExecutor& pool) {
    StormResult result;
    std::vector<std::atomic<int>> done(jobs_of_storm);
    std::vector<Future<std::string>> futures;
    futures.reserve(jobs_of_storm);
    std::atomic<bool> over = false;
    std::atomic<std::size_t> submitted = 0;
    std::atomic<int> kills = 0;
    std::thread killer([&] {
        std::mt19937 random(1);
        std::size_t must_be_done = 0;
        std::size_t cursor = 0;
        while (!over) {
            while (cursor < must_be_done && done[cursor] > 0) ++cursor;
            const std::vector<int> workers = pool.worker_pids();
            // When nothing new has come either: else workers that just start would be killed one after the other.
            if (workers.empty() || cursor < must_be_done || submitted == must_be_done) {
                std::this_thread::sleep_for(100us);
                continue;
            }
            process_tests::kill_process(workers[random() % workers.size()]);
            must_be_done = submitted;
            ++kills;
        }
    });
    const std::string text(1024, 'x');
    for (int i = 0; i < jobs_of_storm; ++i) {
        ++submitted;
        futures.push_back(pool.submit(remote<&process_jobs::work>, i, text));
        futures.back().add_done_callback([&done, i](const auto&) { ++done[static_cast<std::size_t>(i)]; });
        if (i % 50 == 49) static_cast<void>(futures[static_cast<std::size_t>(i - 25)].exception());
        if (i == 49) {
            EXPECT_TRUE(eventually([&] { return kills > 0; }));  // the other thread may be slow to start
        }
    }
    for (int i = 0; i < jobs_of_storm; ++i) {
        try {
            const std::string& value = futures[static_cast<std::size_t>(i)].result({.timeout = 60s});
            ++(value == std::to_string(i) + text ? result.values : result.wrong);
        } catch (const WorkerDied&) {
            ++result.deaths;
        }
    }
    over = true;
    killer.join();
    result.kills = kills;
    testing::Test::RecordProperty("kills", result.kills);
    // A result can be read before the callbacks have been called.
    EXPECT_TRUE(eventually([&] { return std::ranges::none_of(done, [](const auto& count) { return count == 0; }); }));
    result.each_done_once = std::ranges::all_of(done, [](const auto& count) { return count == 1; });
    return result;
}

TEST(WorkerStorm, PPE_8_each_job_ends_once_while_workers_are_killed) {
    ProcessPoolExecutor pool({.max_workers = 3, .start = StartMethod::forkserver});
    const StormResult result = storm(pool);
    EXPECT_EQ(result.values + result.deaths, jobs_of_storm);
    EXPECT_EQ(result.wrong, 0);
    EXPECT_GT(result.kills, 0);
    EXPECT_LE(result.deaths, result.kills);
    EXPECT_TRUE(result.each_done_once);
}

TEST(WorkerStorm, PPE_8_with_retries_each_job_has_its_result) {
    const std::size_t descriptors = process_tests::open_descriptors();
    {
        ProcessPoolExecutor pool({.max_workers = 3, .start = StartMethod::forkserver, .retries = 3});
        const StormResult result = storm(pool);
        EXPECT_EQ(result.values, jobs_of_storm);
        EXPECT_GT(result.kills, 0);
        EXPECT_TRUE(result.each_done_once);
    }
    EXPECT_EQ(process_tests::open_descriptors(), descriptors);
    EXPECT_EQ(process_tests::mapped_segments(), 0U);
}

/// A program that does the same, again when it was not yet disturbed enough.
int storm_program(const std::string& path) {
    const char* arguments = nullptr;
    static_cast<void>(asyncio::is_worker(0, &arguments));
    process_jobs::touch(path);
    ProcessPoolExecutor pool({.max_workers = 3, .start = StartMethod::forkserver, .retries = 3});
    for (int storms = 0; storms < 20; ++storms) {
        const StormResult result = storm(pool);
        if (result.wrong != 0) return 2;
        if (result.deaths != 0) return 3;
        if (result.values != jobs_of_storm || !result.each_done_once) return 1;
        if (process_jobs::exists(path + ".enough")) return 0;
    }
    return 4;
}
const process_tests::RegisterProgram registered_storm("storm", &storm_program);

TEST(WorkerStorm, PPE_8_also_while_the_parent_is_stopped_and_continued) {
    const Folder folder;
    const int parent = process_tests::start_program("storm", folder.file("started"));
    ASSERT_TRUE(eventually([&] { return process_jobs::exists(folder.file("started")); }));
    int stops = 0;
    int status = 0;
    while (::waitpid(parent, &status, WNOHANG) == 0) {
        ::kill(parent, SIGSTOP);
        if (++stops == 2) process_jobs::touch(folder.file("started.enough"));
        std::this_thread::sleep_for(3ms);
        ::kill(parent, SIGCONT);
        std::this_thread::sleep_for(10ms);
    }
    EXPECT_GT(stops, 1);
    EXPECT_EQ(status, 0);
}

// --- the parent dies ---

/// Starts workers that never end by themselves.
int orphaning_program(const std::string& path) {
    const char* arguments = nullptr;
    static_cast<void>(asyncio::is_worker(0, &arguments));
    for (const StartMethod start : {StartMethod::spawn, StartMethod::forkserver}) {
        auto* pool = new ProcessPoolExecutor({.max_workers = 2, .start = start});
        static_cast<void>(pool->submit(remote<&process_jobs::hang_after_touching>, path));
        static_cast<void>(pool->submit(remote<&process_jobs::hang_after_touching>, path));
    }
    while (true) ::pause();
}
const process_tests::RegisterProgram registered_orphaning("orphaning", &orphaning_program);

TEST(ParentDeath, PPE_17_a_parent_that_is_killed_leaves_no_process) {
    const Folder folder;
    const int parent = process_tests::start_program("orphaning", folder.file("workers"));
    std::vector<int> workers;
    ASSERT_TRUE(eventually([&] {
        workers.clear();
        std::ifstream file(folder.file("workers"));
        for (int pid = 0; file >> pid;) workers.push_back(pid);
        return workers.size() == 4;
    }));
    process_tests::kill_process(parent);
    process_tests::wait_for_program(parent);
    for (const int worker : workers) EXPECT_TRUE(eventually([&] { return gone(worker); })) << worker;
}

}  // namespace
