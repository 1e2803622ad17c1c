// ProcessPoolExecutor: when processes cannot be started, when the fork server dies, and when a process does not come to
// its end.

#include "executor/process_jobs.hpp"
#include "support/gate.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/executor/process_pool_executor.hpp>
#include <asyncio/testing/captured_log.hpp>
#include <asyncio/testing/fault_plan.hpp>

#include <gtest/gtest.h>

#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

// --- what goes wrong in other processes, which inherit the environment ---

namespace {

constexpr const char* no_forks = "ASYNCIO_TEST_NO_FORKS";            // while this file exists, fork fails
constexpr const char* early_ends = "ASYNCIO_TEST_EARLY_ENDS";        // so many workers as ".most" says end at once
constexpr const char* hanging_server = "ASYNCIO_TEST_HANGING_EXIT";  // destructors of global objects hang

std::string setting(const char* name) {
    const char* const value = std::getenv(name);
    return value != nullptr ? value : "";
}

std::size_t lines_of(const std::string& path) {
    std::ifstream file(path);
    std::size_t count = 0;
    for (std::string line; std::getline(file, line);) ++count;
    return count;
}

std::size_t number_in(const std::string& path) {
    std::size_t number = 0;
    std::ifstream(path) >> number;
    return number;
}

/// For the processes that are started while it lives.
class Setting {
public:
    Setting(const char* name, const std::string& value) : name_(name) { ::setenv(name, value.c_str(), 1); }
    Setting(const Setting&) = delete;
    Setting& operator=(const Setting&) = delete;
    ~Setting() { ::unsetenv(name_); }

private:
    const char* name_;
};

/// Constructed before main, as global objects are.
struct Global {
    Global() {
        const std::string ends = setting(early_ends);
        if (ends.empty() || !is_started_worker() || lines_of(ends) >= number_in(ends + ".most")) return;
        process_jobs::touch(ends);
        ::_exit(3);
    }
    Global(const Global&) = delete;
    Global& operator=(const Global&) = delete;
    ~Global() {
        if (!setting(hanging_server).empty()) process_jobs::hang();
    }

private:
    static bool is_started_worker() {
        std::ifstream file("/proc/self/cmdline");
        std::string arguments;
        std::getline(file, arguments);
        return arguments.ends_with(std::string_view("\0worker\0", 8));
    }
};
const Global global;

}  // namespace

// The linker puts it in place of fork (tests/CMakeLists.txt).
extern "C" {
pid_t __real_fork();
pid_t __wrap_fork();
pid_t __wrap_fork() {
    const std::string path = setting(no_forks);
    if (path.empty() || !process_jobs::exists(path)) return __real_fork();
    errno = EAGAIN;
    return -1;
}
}

namespace process_jobs {

int fork_server() {
    return ::getppid();
}
void hang_at_exit() {
    static_cast<void>(std::atexit([] { hang(); }));
}
void crash_at_exit() {
    static_cast<void>(std::atexit([] { std::raise(SIGKILL); }));
}

}  // namespace process_jobs

namespace {

using asyncio::remote;
using asyncio::futures::BrokenProcessPool;
using asyncio::futures::Future;
using asyncio::futures::ProcessPoolExecutor;
using asyncio::futures::StartMethod;
using asyncio::futures::WorkerDied;
using process_tests::Folder;
using process_tests::gone;
using support::eventually;
using namespace std::chrono_literals;

/// 0: none was thrown.
int error_of(const Future<int>& future) {
    try {
        future.result();
        return 0;
    } catch (const std::system_error& error) {
        return error.code().value();
    }
}

class ForkServer : public testing::TestWithParam<StartMethod> {};
INSTANTIATE_TEST_SUITE_P(Start, ForkServer, testing::Values(StartMethod::spawn, StartMethod::forkserver),
                         &process_tests::name_of_start);

TEST_P(ForkServer, PPE_8_killed_while_jobs_run_fails_them_and_nothing_else) {
    const Folder folder;
    ProcessPoolExecutor pool({.max_workers = 2, .start = GetParam()});
    const int server = pool.submit(remote<&process_jobs::fork_server>).result();
    std::vector<Future<void>> running;
    for (int i = 0; i < 2; ++i)
        running.push_back(pool.submit(remote<&process_jobs::hang_after_touching>, folder.file("job")));
    ASSERT_TRUE(eventually([&] { return lines_of(folder.file("job")) == 2; }));
    std::vector<Future<int>> queued;
    for (int i = 0; i < 6; ++i) queued.push_back(pool.submit(remote<&process_jobs::square>, i));
    process_tests::kill_process(server);
    for (const auto& future : running) EXPECT_THROW(future.result(), WorkerDied);
    for (int i = 0; i < 6; ++i) EXPECT_EQ(queued[static_cast<std::size_t>(i)].result(), i * i);
    EXPECT_NE(pool.submit(remote<&process_jobs::fork_server>).result(), server);
}

TEST_P(ForkServer, PPE_8_killed_while_jobs_run_and_they_are_run_again) {
    const Folder folder;
    ProcessPoolExecutor pool({.max_workers = 1, .start = GetParam(), .retries = 1});
    const int server = pool.submit(remote<&process_jobs::fork_server>).result();
    const auto job = pool.submit(remote<&process_jobs::wait_for_go>, folder.file("job"));
    ASSERT_TRUE(eventually([&] { return lines_of(folder.file("job")) == 1; }));
    process_tests::kill_process(server);
    ASSERT_TRUE(eventually([&] { return lines_of(folder.file("job")) == 2; }));
    process_jobs::touch(folder.file("job.go"));
    EXPECT_GT(job.result(), 0);
}

TEST_P(ForkServer, PPE_8_killed_while_idle_is_started_again) {
    ProcessPoolExecutor pool({.max_workers = 1, .start = GetParam()});
    const int worker = pool.submit(remote<&process_jobs::process>).result();
    const int server = pool.submit(remote<&process_jobs::fork_server>).result();
    process_tests::kill_process(server);
    ASSERT_TRUE(eventually([&] { return pool.worker_pids().empty(); }));
    EXPECT_TRUE(eventually([&] { return gone(worker); }));
    EXPECT_NE(pool.submit(remote<&process_jobs::fork_server>).result(), server);
}

TEST_P(ForkServer, PPE_8_killed_and_a_strict_pool_is_broken) {
    asyncio::testing::CapturedLog log;
    ProcessPoolExecutor pool({.max_workers = 1, .start = GetParam(), .strict = true});
    const int server = pool.submit(remote<&process_jobs::fork_server>).result();
    const auto hangs = pool.submit(remote<&process_jobs::hang>);
    process_tests::kill_process(server);
    EXPECT_THROW(hangs.result(), BrokenProcessPool);
    EXPECT_THROW(pool.submit(remote<&process_jobs::square>, 2), BrokenProcessPool);
}

/// Before the pool's thread has heard of it.
TEST_P(ForkServer, PPE_8_gone_when_a_worker_is_to_be_started_fails_nothing) {
    ProcessPoolExecutor pool({.max_workers = 2, .start = GetParam()});
    asyncio::testing::FaultPlan faults;
    faults.fail(asyncio::testing::SystemCall::sendmsg, EPIPE, {.nth = 1});
    EXPECT_EQ(pool.submit(remote<&process_jobs::square>, 2).result(), 4);
    EXPECT_EQ(pool.submit(remote<&process_jobs::square>, 3).result(), 9);
}

/// As `ulimit -n` may say.
TEST_P(ForkServer, PPE_4_works_with_few_descriptors) {
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    struct Restored {
        const rlimit& limit;
        ~Restored() { EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0); }
    } const restored{before};
    // Not more than a worker would like to have below its own.
    const rlimit few{std::min<rlim_t>(process_tests::open_descriptors() + 40, 100), before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
    ProcessPoolExecutor pool({.max_workers = 2, .start = GetParam()});
    EXPECT_EQ(pool.submit(remote<&process_jobs::square>, 2).result(), 4);
}

TEST_P(ForkServer, PPE_4_no_process_can_be_made) {
    const Folder folder;
    const Setting fails(no_forks, folder.file("no_forks"));
    ProcessPoolExecutor pool({.max_workers = 2, .start = GetParam()});
    process_jobs::touch(folder.file("no_forks"));
    EXPECT_EQ(error_of(pool.submit(remote<&process_jobs::square>, 2)), EAGAIN);
    EXPECT_EQ(error_of(pool.submit(remote<&process_jobs::square>, 2)), EAGAIN);
    std::filesystem::remove(folder.file("no_forks"));
    EXPECT_EQ(pool.submit(remote<&process_jobs::square>, 2).result(), 4);
}

TEST_P(ForkServer, PPE_4_no_further_process_can_be_made_and_the_one_does_all) {
    const Folder folder;
    const Setting fails(no_forks, folder.file("no_forks"));
    ProcessPoolExecutor pool({.max_workers = 3, .start = GetParam()});
    const auto first = pool.submit(remote<&process_jobs::wait_for_go>, folder.file("job"));
    ASSERT_TRUE(eventually([&] { return process_jobs::exists(folder.file("job")); }));
    process_jobs::touch(folder.file("no_forks"));
    std::vector<Future<int>> others;
    for (int i = 0; i < 4; ++i) others.push_back(pool.submit(remote<&process_jobs::process>));
    process_jobs::touch(folder.file("job.go"));
    for (const auto& other : others) EXPECT_EQ(other.result(), first.result());
}

TEST(EarlyEnds, PPE_8_three_in_a_row_break_the_pool) {
    asyncio::testing::CapturedLog log;
    const Folder folder;
    const Setting path(early_ends, folder.file("ends"));
    std::ofstream(folder.file("ends.most")) << 100;
    ProcessPoolExecutor pool({.max_workers = 1});
    EXPECT_THROW(pool.submit(remote<&process_jobs::square>, 2).result(), BrokenProcessPool);
    EXPECT_EQ(lines_of(folder.file("ends")), 3U);
    EXPECT_TRUE(log.contains("worker processes end before they have begun (a worker process exited with status 3)"));
    EXPECT_THROW(pool.submit(remote<&process_jobs::square>, 2), BrokenProcessPool);
}

TEST(EarlyEnds, PPE_8_two_in_a_row_are_forgotten) {
    const Folder folder;
    const Setting path(early_ends, folder.file("ends"));
    ProcessPoolExecutor pool({.max_workers = 1, .max_tasks_per_child = 1});
    for (const std::size_t most : {2U, 4U}) {
        std::ofstream(folder.file("ends.most")) << most;
        EXPECT_EQ(pool.submit(remote<&process_jobs::square>, 2).result(), 4);
        EXPECT_EQ(lines_of(folder.file("ends")), most);
    }
}

TEST(UnknownFunction, PPE_2_fails_its_job_alone) {
    ProcessPoolExecutor pool({.max_workers = 1});
    const int worker = pool.submit(remote<&process_jobs::process>).result();
    auto message = asyncio::detail::make_owner<asyncio::detail::RemoteMessage>();
    const auto unknown = asyncio::detail::deliver_to_future<int>(message->first);
    asyncio::ByteSink sink(message->first.request);
    asyncio::encode(sink, std::uint64_t{1});
    asyncio::encode(sink, std::string("shop::total"));
    pool.execute_message(std::move(message), "shop::total");
    try {
        unknown.result();
        ADD_FAILURE();
    } catch (const asyncio::RemoteError& error) {
        EXPECT_STREQ(error.what(), "the function shop::total is not known in this process");
    }
    EXPECT_EQ(pool.submit(remote<&process_jobs::process>).result(), worker);
}

class SlowExit : public testing::TestWithParam<StartMethod> {};
INSTANTIATE_TEST_SUITE_P(Start, SlowExit, testing::Values(StartMethod::spawn, StartMethod::forkserver),
                         &process_tests::name_of_start);

TEST_P(SlowExit, PPE_13_shutdown_does_not_wait_for_ever_for_a_worker_that_hangs_at_its_exit) {
    asyncio::testing::CapturedLog log;
    ProcessPoolExecutor pool({.max_workers = 1, .start = GetParam(), .exit_time_limit = 20ms});
    const int worker = pool.submit(remote<&process_jobs::process>).result();
    pool.submit(remote<&process_jobs::hang_at_exit>).result();
    pool.shutdown();
    EXPECT_TRUE(gone(worker));
    EXPECT_TRUE(log.contains("process pool: worker process " + std::to_string(worker) +
                             " was killed by SIGKILL (Killed) while it left"));
}

TEST_P(SlowExit, PPE_10_a_worker_that_hangs_at_its_exit_is_replaced_all_the_same) {
    asyncio::testing::CapturedLog log;
    ProcessPoolExecutor pool(
        {.max_workers = 1, .start = GetParam(), .max_tasks_per_child = 1, .exit_time_limit = 20ms});
    for (int i = 0; i < 3; ++i) pool.submit(remote<&process_jobs::hang_at_exit>).result();
    EXPECT_EQ(pool.submit(remote<&process_jobs::square>, 3).result(), 9);
}

TEST_P(SlowExit, PPE_13_a_worker_that_crashes_at_its_exit_is_reported_and_fails_nothing) {
    asyncio::testing::CapturedLog log;
    ProcessPoolExecutor pool({.max_workers = 1, .start = GetParam(), .strict = true});
    pool.submit(remote<&process_jobs::crash_at_exit>).result();
    pool.shutdown();
    EXPECT_TRUE(log.contains("while it left"));
}

/// A program in all of whose other processes the exit hangs.
int hanging_program(const std::string& start) {
    const char* arguments = nullptr;
    static_cast<void>(asyncio::is_worker(0, &arguments));
    const asyncio::testing::CapturedLog log;
    const Setting hangs(hanging_server, "1");
    ProcessPoolExecutor pool({.max_workers = 1,
                              .start = start == "spawn" ? StartMethod::spawn : StartMethod::forkserver,
                              .exit_time_limit = 20ms});
    const int result = pool.submit(remote<&process_jobs::square>, 3).result();
    pool.shutdown();
    return result == 9 ? 0 : 1;
}
const process_tests::RegisterProgram registered("hanging", &hanging_program);

TEST_P(SlowExit, PPE_13_neither_for_a_fork_server_that_hangs_at_its_exit) {
    const int program = process_tests::start_program("hanging", process_tests::name_of(GetParam()));
    EXPECT_EQ(process_tests::wait_for_program(program), 0);
}

}  // namespace
