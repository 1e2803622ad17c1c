// ProcessPoolExecutor: the rows PPE that are not about workers that die.

#include <asyncio/executor/process_pool_executor.hpp>

#include "executor/process_jobs.hpp"
#include "support/gate.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/base/log.hpp>
#include <asyncio/testing/captured_log.hpp>
#include <asyncio/testing/fault_plan.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <deque>
#include <future>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace process_jobs {

int global_number = 1;
int change_global(int n) {
    return std::exchange(global_number, n);
}
double root(double n) {
    return std::sqrt(n);
}
int process_for(int) {
    return ::getpid();
}
int divide(int divisor) {
    if (divisor == 0) throw std::domain_error("division by zero");
    return 100 / divisor;
}
int add(int a, int b) {
    return a + b;
}
bool is_open(int fd) {
    return ::fcntl(fd, F_GETFD) >= 0;
}
std::string read_input() {
    std::array<char, 8> bytes{};
    const auto count = ::read(STDIN_FILENO, bytes.data(), bytes.size());
    return std::string(bytes.data(), count < 0 ? 0 : static_cast<std::size_t>(count));
}
bool ignores_interrupts() {
    struct sigaction action{};
    ::sigaction(SIGINT, nullptr, &action);
    return action.sa_handler == SIG_IGN;
}
void exit_by_exception() {
    throw asyncio::SystemExit(3);
}
void initialize(const std::string& path, int number) {
    touch(path);
    global_number = number;
}
int get_global() {
    return global_number;
}
/// Whether this job comes right after the one before it.
bool next_in_order(int number) {
    static int next = 0;
    return std::exchange(next, number + 1) == number;
}
void fail_to_initialize() {
    throw std::runtime_error("no model");
}

/// What cannot always be written or read.
struct Fragile {
    bool breaks = false;
};
Fragile make_fragile(bool breaks) {
    return {breaks};
}
bool takes_fragile(const Fragile& value) {
    return value.breaks;
}

}  // namespace process_jobs

template <>
struct asyncio::codec_for<process_jobs::Fragile> {
    static void encode(asyncio::ByteSink& sink, const process_jobs::Fragile& value) {
        if (value.breaks) throw std::domain_error("fragile");
        asyncio::encode(sink, value.breaks);
    }
    static process_jobs::Fragile decode(asyncio::ByteSource& source) { return {asyncio::decode<bool>(source)}; }
};

namespace {

using asyncio::Coro;
using asyncio::remote;
using asyncio::futures::BrokenProcessPool;
using asyncio::futures::Future;
using asyncio::futures::ProcessPoolExecutor;
using asyncio::futures::StartMethod;
using process_tests::Folder;
using support::eventually;
using namespace std::chrono_literals;

template <class E>
std::string message_of(auto&& action) {
    try {
        action();
    } catch (const E& error) {
        return error.what();
    }
    return "nothing was thrown";
}

/// Lines of a file: processes that came by.
std::size_t lines_of(const std::string& path) {
    std::ifstream file(path);
    std::size_t lines = 0;
    for (std::string line; std::getline(file, line);) ++lines;
    return lines;
}

class ProcessPool : public testing::TestWithParam<StartMethod> {};
INSTANTIATE_TEST_SUITE_P(Start, ProcessPool, testing::Values(StartMethod::spawn, StartMethod::forkserver),
                         &process_tests::name_of_start);

TEST(ProcessPoolOptions, PPE_1_numbers_must_be_positive) {
    EXPECT_EQ(message_of<std::invalid_argument>([] { ProcessPoolExecutor({.max_workers = 0}); }),
              "max_workers must be greater than 0");
    EXPECT_EQ(message_of<std::invalid_argument>([] { ProcessPoolExecutor({.max_tasks_per_child = 0}); }),
              "max_tasks_per_child must be >= 1");
}

TEST_P(ProcessPool, PPE_1_runs_jobs_and_gives_their_results) {
    ProcessPoolExecutor pool({.max_workers = 2, .start = GetParam()});
    std::vector<Future<int>> futures;
    for (int i = 0; i < 100; ++i) futures.push_back(pool.submit(remote<&process_jobs::square>, i));
    for (int i = 0; i < 100; ++i) EXPECT_EQ(futures[static_cast<std::size_t>(i)].result(), i * i);
    EXPECT_EQ(pool.submit(remote<&process_jobs::echo>, std::string("text")).result(), "text");
}

/// Two threads give its worker jobs: this one, and the pool's own.
TEST_P(ProcessPool, PPE_1_one_worker_begins_with_jobs_in_their_order) {
    ProcessPoolExecutor pool({.max_workers = 1, .start = GetParam()});
    std::deque<Future<bool>> futures;
    for (int i = 0; i < (sanitized ? 2'000 : 20'000); ++i) {
        if (futures.size() == 20) {
            ASSERT_TRUE(futures.front().result()) << i;
            futures.pop_front();
        }
        futures.push_back(pool.submit(remote<&process_jobs::next_in_order>, i));
    }
    for (const auto& future : futures) EXPECT_TRUE(future.result());
}

template <class F>
concept Submittable = requires(ProcessPoolExecutor& pool, F f) { pool.submit(f, 1); };

TEST(ProcessPoolOptions, PPE_2_only_named_functions_can_be_submitted) {
    constexpr auto lambda = [](int n) { return n; };
    static_assert(Submittable<std::remove_const_t<decltype(remote<&process_jobs::square>)>>);
    static_assert(!Submittable<decltype(lambda)>);
    static_assert(!Submittable<int (*)(int)>);
    ProcessPoolExecutor pool({.max_workers = 1});
    asyncio::futures::Executor& base = pool;
    EXPECT_THROW(static_cast<void>(base.submit([] {})), asyncio::RuntimeError);
}

TEST_P(ProcessPool, PPE_3_jobs_run_elsewhere_and_share_nothing) {
    const asyncio::detail::UniqueFd inheritable(::open("/dev/null", O_RDONLY));
    ProcessPoolExecutor pool({.max_workers = 1, .start = GetParam()});
    EXPECT_NE(pool.submit(remote<&process_jobs::process>).result(), ::getpid());
    pool.submit(remote<&process_jobs::change_global>, 2).result();
    EXPECT_EQ(pool.submit(remote<&process_jobs::change_global>, 3).result(), 2);
    EXPECT_EQ(process_jobs::global_number, 1);
    EXPECT_FALSE(pool.submit(remote<&process_jobs::is_open>, 200).result());
    EXPECT_EQ(pool.submit(remote<&process_jobs::read_input>).result(), "");
    EXPECT_TRUE(pool.submit(remote<&process_jobs::ignores_interrupts>).result());
}

TEST_P(ProcessPool, PPE_3_descriptors_without_close_on_exec_stay_here) {
    const asyncio::detail::UniqueFd inheritable(::fcntl(STDOUT_FILENO, F_DUPFD, 300));
    ASSERT_GE(inheritable.get(), 300);
    ProcessPoolExecutor pool({.max_workers = 1, .start = GetParam()});
    EXPECT_FALSE(pool.submit(remote<&process_jobs::is_open>, inheritable.get()).result());
}

TEST_P(ProcessPool, PPE_4_an_idle_worker_is_used_before_one_is_started) {
    ProcessPoolExecutor pool({.max_workers = 4, .start = GetParam()});
    std::set<int> processes;
    for (int i = 0; i < 20; ++i) processes.insert(pool.submit(remote<&process_jobs::process>).result());
    EXPECT_EQ(processes.size(), 1U);
}

TEST_P(ProcessPool, PPE_4_as_many_are_started_as_there_are_jobs_at_once) {
    const Folder folder;
    ProcessPoolExecutor pool({.max_workers = 3, .start = GetParam()});
    std::vector<Future<int>> futures;
    for (int i = 0; i < 3; ++i) futures.push_back(pool.submit(remote<&process_jobs::wait_for_go>, folder.file("job")));
    ASSERT_TRUE(eventually([&] { return lines_of(folder.file("job")) == 3; }));
    process_jobs::touch(folder.file("job.go"));
    std::set<int> processes;
    for (const auto& future : futures) processes.insert(future.result());
    EXPECT_EQ(processes.size(), 3U);
}

TEST_P(ProcessPool, PPE_5_an_exception_arrives_with_its_type_and_the_worker_lives_on) {
    ProcessPoolExecutor pool({.max_workers = 1, .start = GetParam()});
    const int process = pool.submit(remote<&process_jobs::process>).result();
    EXPECT_EQ(message_of<std::invalid_argument>(
                  [&] { pool.submit(remote<&process_jobs::fail>, std::string("wrong")).result(); }),
              "wrong");
    EXPECT_EQ(asyncio::detail::describe(pool.submit(remote<&process_jobs::fail>, std::string("wrong")).exception()),
              "std::invalid_argument: wrong");
    EXPECT_THROW(pool.submit(remote<&process_jobs::exit_by_exception>).result(), asyncio::SystemExit);
    EXPECT_EQ(pool.submit(remote<&process_jobs::process>).result(), process);
}

TEST(ProcessPoolOptions, PPE_6_arguments_that_cannot_be_written_fail_their_future) {
    ProcessPoolExecutor pool({.max_workers = 1});
    const auto good = pool.submit(remote<&process_jobs::takes_fragile>, process_jobs::Fragile{false});
    const auto bad = pool.submit(remote<&process_jobs::takes_fragile>, process_jobs::Fragile{true});
    EXPECT_THROW(bad.result(), std::domain_error);
    EXPECT_FALSE(good.result());
}

TEST(ProcessPoolOptions, PPE_7_results_that_cannot_be_written_fail_their_future) {
    ProcessPoolExecutor pool({.max_workers = 1});
    const auto bad = pool.submit(remote<&process_jobs::make_fragile>, true);
    const auto good = pool.submit(remote<&process_jobs::make_fragile>, false);
    EXPECT_THROW(bad.result(), std::domain_error);
    EXPECT_FALSE(good.result().breaks);
}

TEST_P(ProcessPool, PPE_9_the_initializer_runs_once_in_each_worker) {
    const Folder folder;
    ProcessPoolExecutor pool({.max_workers = 2,
                              .start = GetParam(),
                              .initializer = {remote<&process_jobs::initialize>, folder.file("initialized"), 7}});
    std::vector<Future<int>> waiting;
    for (int i = 0; i < 2; ++i) waiting.push_back(pool.submit(remote<&process_jobs::wait_for_go>, folder.file("job")));
    ASSERT_TRUE(eventually([&] { return lines_of(folder.file("job")) == 2; }));
    process_jobs::touch(folder.file("job.go"));
    for (const auto& future : waiting) future.result();
    for (int i = 0; i < 10; ++i) EXPECT_EQ(pool.submit(remote<&process_jobs::get_global>).result(), 7);
    EXPECT_EQ(lines_of(folder.file("initialized")), 2U);
}

TEST_P(ProcessPool, PPE_9_an_initializer_that_throws_breaks_the_pool) {
    asyncio::testing::CapturedLog log;
    ProcessPoolExecutor pool(
        {.max_workers = 1, .start = GetParam(), .initializer = remote<&process_jobs::fail_to_initialize>});
    const auto job = pool.submit(remote<&process_jobs::square>, 2);
    EXPECT_EQ(message_of<BrokenProcessPool>([&] { job.result(); }),
              "A process in the process pool was terminated abruptly while the future was running or pending.");
    EXPECT_EQ(message_of<BrokenProcessPool>([&] { pool.submit(remote<&process_jobs::square>, 2); }),
              "A child process terminated abruptly, the process pool is not usable anymore");
    EXPECT_TRUE(log.contains("no model"));
}

TEST_P(ProcessPool, PPE_10_a_worker_that_has_run_its_share_is_replaced) {
    ProcessPoolExecutor pool({.max_workers = 1, .start = GetParam(), .max_tasks_per_child = 3});
    std::vector<int> processes;
    for (int i = 0; i < 9; ++i) processes.push_back(pool.submit(remote<&process_jobs::process>).result());
    EXPECT_EQ(std::set<int>(processes.begin(), processes.end()).size(), 3U);
    EXPECT_EQ(std::count(processes.begin(), processes.end(), processes.front()), 3);
}

TEST_P(ProcessPool, PPE_11_only_what_was_not_sent_can_be_cancelled) {
    constexpr int workers = 2;
    const Folder folder;
    ProcessPoolExecutor pool({.max_workers = workers, .start = GetParam()});
    std::vector<Future<int>> futures;
    for (int i = 0; i < 8; ++i) futures.push_back(pool.submit(remote<&process_jobs::wait_for_go>, folder.file("job")));
    ASSERT_TRUE(eventually([&] { return lines_of(folder.file("job")) == workers; }));
    int refused = 0;
    for (const auto& future : futures) refused += future.cancel() ? 0 : 1;
    EXPECT_GE(refused, workers);
    EXPECT_LE(refused, 2 * workers + 1);
    process_jobs::touch(folder.file("job.go"));
    for (const auto& future : futures) {
        if (future.cancelled()) continue;
        EXPECT_GT(future.result(), 0);
    }
}

TEST_P(ProcessPool, PPE_12_map_gives_results_in_the_order_of_the_input) {
    ProcessPoolExecutor pool({.max_workers = 2, .start = GetParam()});
    std::vector<int> numbers(20);
    std::iota(numbers.begin(), numbers.end(), 0);
    int expected = 0;
    for (const int sum : pool.map(remote<&process_jobs::add>, numbers, numbers)) EXPECT_EQ(sum, 2 * expected++);
    EXPECT_EQ(expected, 20);
}

TEST_P(ProcessPool, PPE_12_map_sends_chunks) {
    ProcessPoolExecutor pool({.max_workers = 1, .start = GetParam(), .max_tasks_per_child = 1});
    std::vector<int> numbers(10);
    std::iota(numbers.begin(), numbers.end(), 0);
    int expected = 0;
    for (const int square : pool.map(remote<&process_jobs::square>, numbers, {.chunksize = 4})) {
        EXPECT_EQ(square, expected * expected);
        ++expected;
    }
    EXPECT_EQ(expected, 10);
    EXPECT_EQ(message_of<std::invalid_argument>(
                  [&] { static_cast<void>(pool.map(remote<&process_jobs::square>, numbers, {.chunksize = 0})); }),
              "chunksize must be >= 1.");
}

TEST_P(ProcessPool, PPE_12_one_message_for_each_chunk) {
    // Each worker takes one message; those of one chunk are run by the same.
    ProcessPoolExecutor pool({.max_workers = 1, .start = GetParam(), .max_tasks_per_child = 1});
    const std::vector<int> values(6, 1);
    std::vector<int> processes;
    for (const int process : pool.map(remote<&process_jobs::process_for>, values, {.chunksize = 3}))
        processes.push_back(process);
    ASSERT_EQ(processes.size(), 6U);
    EXPECT_EQ(processes[0], processes[2]);
    EXPECT_NE(processes[2], processes[3]);
    EXPECT_EQ(processes[3], processes[5]);
}

TEST_P(ProcessPool, PPE_12_an_exception_in_a_chunk_is_that_of_its_element) {
    ProcessPoolExecutor pool({.max_workers = 1, .start = GetParam()});
    const std::vector<int> divisors{1, 2, 0, 4};
    auto results = pool.map(remote<&process_jobs::divide>, divisors, {.chunksize = 4});
    EXPECT_EQ(results.next(), 100);
    EXPECT_EQ(results.next(), 50);
    EXPECT_THROW(static_cast<void>(results.next()), std::domain_error);
    EXPECT_EQ(results.next(), std::nullopt);
}

TEST_P(ProcessPool, PPE_13_shutdown_runs_what_is_queued_and_reaps_the_workers) {
    ProcessPoolExecutor pool({.max_workers = 2, .start = GetParam()});
    std::vector<Future<int>> futures;
    for (int i = 0; i < 50; ++i) futures.push_back(pool.submit(remote<&process_jobs::process>));
    pool.shutdown();
    for (const auto& future : futures) {
        ASSERT_TRUE(future.done());
        EXPECT_EQ(process_tests::state_of(future.result()), ' ');
    }
    EXPECT_EQ(message_of<asyncio::RuntimeError>([&] { pool.submit(remote<&process_jobs::square>, 1); }),
              "cannot schedule new futures after shutdown");
    pool.shutdown();
}

TEST_P(ProcessPool, PPE_13_cancel_futures_cancels_what_was_not_sent) {
    const Folder folder;
    ProcessPoolExecutor pool({.max_workers = 1, .start = GetParam()});
    std::vector<Future<int>> futures;
    for (int i = 0; i < 10; ++i) futures.push_back(pool.submit(remote<&process_jobs::wait_for_go>, folder.file("job")));
    ASSERT_TRUE(eventually([&] { return process_jobs::exists(folder.file("job")); }));
    pool.shutdown({.wait = false, .cancel_futures = true});
    EXPECT_TRUE(futures.back().cancelled());
    process_jobs::touch(folder.file("job.go"));
    EXPECT_GT(futures.front().result(), 0);
    pool.shutdown();
    EXPECT_EQ(std::ranges::count_if(futures, [](const auto& future) { return future.cancelled(); }), 8);
}

TEST_P(ProcessPool, PPE_13_a_pool_without_jobs_starts_nothing) {
    const std::size_t before = process_tests::open_descriptors();
    ProcessPoolExecutor pool({.start = GetParam()});
    EXPECT_EQ(process_tests::open_descriptors(), before);
    EXPECT_TRUE(pool.worker_pids().empty());
}

TEST_P(ProcessPool, PPE_13_nothing_is_left_behind) {
    const std::size_t descriptors = process_tests::open_descriptors();
    {
        ProcessPoolExecutor pool({.max_workers = 3, .start = GetParam()});
        std::vector<Future<std::string>> futures;
        for (int i = 0; i < 20; ++i)
            futures.push_back(pool.submit(remote<&process_jobs::echo>, std::string(i % 2 == 0 ? 10 : 3 << 20, 'x')));
        for (const auto& future : futures) future.result();
    }
    EXPECT_EQ(process_tests::open_descriptors(), descriptors);
    EXPECT_EQ(process_tests::mapped_segments(), 0U);
}

TEST(ProcessPoolOptions, PPE_13_a_callback_may_drop_the_pool) {
    const std::size_t descriptors = process_tests::open_descriptors();
    std::promise<void> dropped;
    auto pool = std::make_unique<ProcessPoolExecutor>(asyncio::futures::ProcessPoolOptions{.max_workers = 1});
    const auto future = pool->submit(remote<&process_jobs::square>, 2);
    EXPECT_EQ(future.result(), 4);
    const auto last = pool->submit(remote<&process_jobs::square>, 3);
    last.add_done_callback([&](const auto&) {
        pool.reset();
        dropped.set_value();
    });
    dropped.get_future().wait();
    EXPECT_EQ(last.result(), 9);
    // Nobody has waited for its thread.
    EXPECT_TRUE(eventually([&] { return process_tests::open_descriptors() == descriptors; }));
}

Coro<std::vector<double>> roots(ProcessPoolExecutor& pool) {
    asyncio::EventLoop& loop = asyncio::get_running_loop();
    std::vector<asyncio::Future<double>> futures;
    for (int n = 0; n < 10; ++n) futures.push_back(loop.run_in_executor(pool, remote<&process_jobs::root>, n));
    std::vector<double> results;
    for (const auto& future : futures) results.push_back(co_await future);
    co_await pool.aclose();
    co_return results;
}

TEST_P(ProcessPool, PPE_15_square_roots_from_a_loop) {
    ProcessPoolExecutor pool({.max_workers = 2, .start = GetParam()});
    const std::vector<double> results = asyncio::run(roots(pool));
    ASSERT_EQ(results.size(), 10U);
    for (std::size_t n = 0; n < 10; ++n) EXPECT_DOUBLE_EQ(results[n], std::sqrt(static_cast<double>(n)));
}

Coro<> await_exception(ProcessPoolExecutor& pool) {
    asyncio::EventLoop& loop = asyncio::get_running_loop();
    co_await loop.run_in_executor(pool, remote<&process_jobs::fail>, std::string("wrong"));
}

TEST_P(ProcessPool, PPE_15_the_exception_of_the_job_is_that_of_the_await) {
    ProcessPoolExecutor pool({.max_workers = 1, .start = GetParam()});
    EXPECT_EQ(message_of<std::invalid_argument>([&] { asyncio::run(await_exception(pool)); }), "wrong");
}

Coro<> await_unwritable(ProcessPoolExecutor& pool) {
    asyncio::EventLoop& loop = asyncio::get_running_loop();
    const process_jobs::Fragile value{true};
    co_await loop.run_in_executor(pool, remote<&process_jobs::takes_fragile>, value);
}

TEST(ProcessPoolOptions, PPE_6_arguments_that_cannot_be_written_fail_the_await) {
    ProcessPoolExecutor pool({.max_workers = 1});
    EXPECT_THROW(asyncio::run(await_unwritable(pool)), std::domain_error);
}

Coro<int> cancel_running_job(ProcessPoolExecutor& pool, const Folder& folder) {
    asyncio::EventLoop& loop = asyncio::get_running_loop();
    const auto running = loop.run_in_executor(pool, remote<&process_jobs::wait_for_go>, folder.file("job"));
    while (!process_jobs::exists(folder.file("job"))) co_await asyncio::sleep(1ms);
    running.cancel();
    EXPECT_TRUE(running.cancelled());
    process_jobs::touch(folder.file("job.go"));
    co_return co_await loop.run_in_executor(pool, remote<&process_jobs::square>, 3);
}

TEST_P(ProcessPool, PPE_15_cancelling_lets_go_of_a_job_that_runs) {
    const Folder folder;
    ProcessPoolExecutor pool({.max_workers = 1, .start = GetParam()});
    EXPECT_EQ(asyncio::run(cancel_running_job(pool, folder)), 9);
}

TEST(ProcessPoolOptions, PPE_15_a_loop_that_is_closed_hears_nothing_of_its_jobs) {
    const Folder folder;
    ProcessPoolExecutor pool({.max_workers = 1});
    {
        asyncio::EventLoop loop;
        static_cast<void>(loop.run_in_executor(pool, remote<&process_jobs::wait_for_go>, folder.file("job")));
        loop.close();
    }
    process_jobs::touch(folder.file("job.go"));
    EXPECT_EQ(pool.submit(remote<&process_jobs::square>, 5).result(), 25);
}

TEST(ProcessPoolOptions, PPE_16_a_pool_cannot_be_an_argument) {
    static_assert(!std::is_copy_constructible_v<ProcessPoolExecutor>);
    static_assert(!asyncio::Codec<asyncio::codec_for<ProcessPoolExecutor*>, ProcessPoolExecutor*>);
    static_assert(!asyncio::Codec<asyncio::codec_for<Future<int>>, Future<int>>);
}

TEST(ProcessPoolOptions, PPE_13_a_child_made_by_fork_cannot_use_the_pool) {
    ProcessPoolExecutor pool({.max_workers = 1});
    EXPECT_EQ(pool.submit(remote<&process_jobs::square>, 2).result(), 4);
    const int child = ::fork();
    if (child == 0) {
        try {
            pool.submit(remote<&process_jobs::square>, 2);
        } catch (const asyncio::RuntimeError&) {
            pool.shutdown();
            ::_exit(pool.worker_pids().empty() ? 0 : 2);
        }
        ::_exit(1);
    }
    EXPECT_EQ(process_tests::wait_for_program(child), 0);
    EXPECT_EQ(pool.submit(remote<&process_jobs::square>, 3).result(), 9);
}

TEST(ProcessPoolOptions, PPE_1_submit_throws_when_no_process_can_be_started) {
    using asyncio::testing::FaultPlan;
    using asyncio::testing::SystemCall;
    for (const SystemCall call :
         {SystemCall::eventfd, SystemCall::epoll_create, SystemCall::epoll_ctl, SystemCall::start_thread,
          SystemCall::socketpair, SystemCall::spawn, SystemCall::memfd_create, SystemCall::mmap, SystemCall::sendmsg}) {
        ProcessPoolExecutor pool({.max_workers = 1});
        {
            FaultPlan plan;
            plan.fail(call, ENOMEM, {.nth = 1});
            EXPECT_THROW(static_cast<void>(pool.submit(remote<&process_jobs::square>, 2)), std::system_error)
                << asyncio::detail::sys::name_of(call);
        }
        EXPECT_EQ(pool.submit(remote<&process_jobs::square>, 2).result(), 4) << asyncio::detail::sys::name_of(call);
    }
}

/// A main that has forgotten the line: main() calls programs before it.
int forgets_the_line(const std::string&) {
    const std::string message = message_of<asyncio::RuntimeError>([] { ProcessPoolExecutor pool({.max_workers = 1}); });
    return message.find("main() does not begin with") != std::string::npos ? 0 : 1;
}
const process_tests::RegisterProgram registered("forgets_the_line", &forgets_the_line);

TEST(ProcessPoolOptions, PPE_1_a_program_without_the_line_is_told_so) {
    EXPECT_EQ(process_tests::wait_for_program(process_tests::start_program("forgets_the_line", "")), 0);
}

}  // namespace
