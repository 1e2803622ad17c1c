// SharedMemory as argument and result of jobs in other processes: the row IPC-6.

#include <asyncio/executor/shared_memory.hpp>

#include "executor/process_jobs.hpp"
#include "support/gate.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/executor/interpreter_pool_executor.hpp>
#include <asyncio/executor/process_pool_executor.hpp>
#include <asyncio/testing/fault_plan.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <ranges>
#include <span>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace process_jobs {

using asyncio::SharedMemory;

SharedMemory kept;

int add_up(const SharedMemory& numbers) {
    const auto all = numbers.as<int>();
    return std::accumulate(all.begin(), all.end(), 0);
}
void count_up(SharedMemory numbers, int begin) {
    std::ranges::iota_view counted(begin, begin + static_cast<int>(numbers.as<int>().size()));
    std::ranges::copy(counted, numbers.as<int>().begin());
}
SharedMemory make_counted(int size) {
    SharedMemory numbers(static_cast<std::size_t>(size) * sizeof(int));
    count_up(numbers, 0);
    return numbers;
}
SharedMemory pass_on(SharedMemory memory) {
    return memory;
}
bool are_one(const SharedMemory& first, const std::vector<SharedMemory>& others) {
    return std::ranges::all_of(others, [&](const SharedMemory& other) { return other == first; });
}
std::string read_both(const SharedMemory& memory, const std::string& text) {
    return text + static_cast<char>(memory.data()[0]);
}
/// Dies where it runs first.
int die_once(const SharedMemory& memory) {
    int& runs = memory.as<int>()[0];
    if (++runs == 1) ::raise(SIGKILL);
    return runs;
}
void keep(SharedMemory memory) {
    kept = std::move(memory);
}
int add_up_kept() {
    return add_up(kept);
}
void fail_with_memory(const SharedMemory&) {
    throw std::domain_error("no use for it");
}

}  // namespace process_jobs

namespace {

using asyncio::CodecError;
using asyncio::remote;
using asyncio::SharedMemory;
using asyncio::futures::Future;
using asyncio::futures::ProcessPoolExecutor;
using asyncio::futures::StartMethod;

constexpr std::size_t elements = 1000;

SharedMemory numbers_from(int begin) {
    SharedMemory numbers(elements * sizeof(int));
    process_jobs::count_up(numbers, begin);
    return numbers;
}
constexpr int sum_from(int begin) {
    return static_cast<int>(elements) * begin + static_cast<int>(elements * (elements - 1) / 2);
}

TEST(SharedMemory, IPC_6_is_zero_at_first_and_its_handles_are_one_memory) {
    const SharedMemory memory(3);
    const SharedMemory copy = memory;
    EXPECT_EQ(memory.size(), 3U);
    EXPECT_EQ(memory.bytes()[2], std::byte{0});
    copy.data()[1] = std::byte{7};
    EXPECT_EQ(memory.data()[1], std::byte{7});
    EXPECT_EQ(copy, memory);
    EXPECT_NE(SharedMemory(3), memory);
    EXPECT_EQ(memory.as<short>().size(), 1U);
    EXPECT_FALSE(SharedMemory());
    EXPECT_TRUE(SharedMemory().bytes().empty());
}

TEST(SharedMemory, IPC_6_cannot_be_empty_nor_made_of_nothing) {
    EXPECT_THROW(SharedMemory(0), std::invalid_argument);
    for (const auto call : {asyncio::testing::SystemCall::memfd_create, asyncio::testing::SystemCall::mmap}) {
        const std::size_t descriptors = process_tests::open_descriptors();
        asyncio::testing::FaultPlan plan;
        plan.fail(call, ENOMEM);
        EXPECT_THROW(SharedMemory(1), std::system_error);
        EXPECT_EQ(process_tests::open_descriptors(), descriptors);
    }
}

class SharedWithJobs : public testing::TestWithParam<StartMethod> {};
INSTANTIATE_TEST_SUITE_P(Start, SharedWithJobs, testing::Values(StartMethod::spawn, StartMethod::forkserver),
                         &process_tests::name_of_start);

TEST_P(SharedWithJobs, IPC_6_a_job_reads_and_writes_the_memory_itself) {
    ProcessPoolExecutor pool({.max_workers = 1, .start = GetParam(), .max_message_size = 500});
    const SharedMemory numbers = numbers_from(5);
    EXPECT_EQ(pool.submit(remote<&process_jobs::add_up>, numbers).result(), sum_from(5));
    pool.submit(remote<&process_jobs::count_up>, numbers, 9).result();
    EXPECT_EQ(process_jobs::add_up(numbers), sum_from(9));
}

TEST_P(SharedWithJobs, IPC_6_it_lives_while_either_side_holds_it) {
    const std::size_t descriptors = process_tests::open_descriptors();
    {
        SharedMemory result;
        {
            ProcessPoolExecutor pool({.max_workers = 1, .start = GetParam()});
            const auto sum = pool.submit(remote<&process_jobs::add_up>, numbers_from(5));  // nobody holds it here
            result = pool.submit(remote<&process_jobs::make_counted>, 10).result();
            pool.submit(remote<&process_jobs::keep>, numbers_from(3)).result();
            EXPECT_EQ(sum.result(), sum_from(5));
            EXPECT_EQ(pool.submit(remote<&process_jobs::add_up_kept>).result(), sum_from(3));
        }
        EXPECT_EQ(process_jobs::add_up(result), 45);  // its process has ended
    }
    EXPECT_EQ(process_tests::open_descriptors(), descriptors);
    EXPECT_EQ(process_tests::mapped_segments(), 0U);
}

TEST_P(SharedWithJobs, IPC_6_a_job_that_fails_leaves_nothing_behind) {
    const std::size_t descriptors = process_tests::open_descriptors();
    {
        ProcessPoolExecutor pool({.max_workers = 1, .start = GetParam()});
        EXPECT_THROW(pool.submit(remote<&process_jobs::fail_with_memory>, numbers_from(0)).result(), std::domain_error);
        EXPECT_EQ(pool.submit(remote<&process_jobs::add_up>, numbers_from(1)).result(), sum_from(1));
    }
    EXPECT_EQ(process_tests::open_descriptors(), descriptors);
    EXPECT_EQ(process_tests::mapped_segments(), 0U);
}

TEST_P(SharedWithJobs, IPC_6_no_worker_holds_the_memory_of_a_job_that_is_cancelled) {
    const process_tests::Folder folder;
    ProcessPoolExecutor pool({.max_workers = 1, .start = GetParam()});
    const auto runs = pool.submit(remote<&process_jobs::wait_for_go>, folder.file("job"));
    ASSERT_TRUE(support::eventually([&] { return process_jobs::exists(folder.file("job")); }));
    const std::size_t descriptors = process_tests::open_descriptors();
    EXPECT_TRUE(pool.submit(remote<&process_jobs::add_up>, numbers_from(0)).cancel());
    const auto sum = pool.submit(remote<&process_jobs::add_up>, numbers_from(1));  // it goes when the queue does
    process_jobs::touch(folder.file("job.go"));
    EXPECT_EQ(sum.result(), sum_from(1));
    EXPECT_GT(runs.result(), 0);
    EXPECT_TRUE(support::eventually([&] { return process_tests::open_descriptors() == descriptors; }));
}

TEST_P(SharedWithJobs, IPC_6_what_is_one_memory_here_is_one_there) {
    ProcessPoolExecutor pool({.max_workers = 1, .start = GetParam()});
    const SharedMemory one(1);
    EXPECT_TRUE(pool.submit(remote<&process_jobs::are_one>, one, std::vector{one, one}).result());
    EXPECT_FALSE(pool.submit(remote<&process_jobs::are_one>, one, std::vector{one, SharedMemory(1)}).result());
    EXPECT_FALSE(pool.submit(remote<&process_jobs::are_one>, one, std::vector{SharedMemory()}).result());
    EXPECT_FALSE(pool.submit(remote<&process_jobs::pass_on>, SharedMemory()).result());
}

TEST_P(SharedWithJobs, IPC_6_a_job_that_is_run_again_has_it_again) {
    ProcessPoolExecutor pool({.max_workers = 1, .start = GetParam(), .retries = 1});
    EXPECT_EQ(pool.submit(remote<&process_jobs::die_once>, SharedMemory(sizeof(int))).result(), 2);
}

TEST_P(SharedWithJobs, IPC_6_the_initializer_of_each_worker_can_have_it) {
    ProcessPoolExecutor pool({.max_workers = 2,
                              .start = GetParam(),
                              .initializer = {remote<&process_jobs::keep>, numbers_from(2)},
                              .max_tasks_per_child = 1});
    for (int i = 0; i < 3; ++i) EXPECT_EQ(pool.submit(remote<&process_jobs::add_up_kept>).result(), sum_from(2));
}

TEST(SharedMemory, IPC_6_beside_long_arguments_and_results) {
    ProcessPoolExecutor pool({.max_workers = 1});
    const SharedMemory memory(1);
    memory.data()[0] = std::byte{'!'};
    const std::string text(std::size_t{3} << 20, 'x');
    EXPECT_EQ(pool.submit(remote<&process_jobs::read_both>, memory, text).result(), text + '!');
}

TEST(SharedMemory, IPC_6_in_the_chunks_of_a_map) {
    ProcessPoolExecutor pool({.max_workers = 2});
    std::vector<SharedMemory> all;
    for (int i = 0; i < 20; ++i) all.push_back(numbers_from(i));
    int i = 0;
    for (const int sum : pool.map(remote<&process_jobs::add_up>, all, {.chunksize = 7})) EXPECT_EQ(sum, sum_from(i++));
    i = 0;
    for (const SharedMemory& memory : pool.map(remote<&process_jobs::pass_on>, all, {.chunksize = 7}))
        EXPECT_EQ(process_jobs::add_up(memory), sum_from(i++));
}

TEST(SharedMemory, IPC_6_too_many_fail_their_job_alone) {
    ProcessPoolExecutor pool({.max_workers = 1});
    std::vector<SharedMemory> all;
    for (int i = 0; i < 30; ++i) all.emplace_back(1);
    const auto most = pool.submit(remote<&process_jobs::are_one>, all.front(), all);
    const auto too_many = pool.submit(remote<&process_jobs::are_one>, SharedMemory(1), all);
    EXPECT_FALSE(most.result());
    EXPECT_THROW(too_many.result(), CodecError);
    EXPECT_EQ(pool.submit(remote<&process_jobs::square>, 3).result(), 9);
}

TEST(SharedMemory, IPC_6_goes_no_other_way) {
    asyncio::futures::InterpreterPoolExecutor interpreters({.max_workers = 1});
    EXPECT_THROW(interpreters.submit(remote<&process_jobs::add_up>, numbers_from(1)).result(), CodecError);
    std::string bytes;
    asyncio::ByteSink sink(bytes);
    EXPECT_THROW(asyncio::encode(sink, SharedMemory(1)), CodecError);
    asyncio::encode(sink, std::uint32_t{1});
    asyncio::ByteSource without_files(std::as_bytes(std::span(bytes)));
    EXPECT_THROW(static_cast<void>(asyncio::decode<SharedMemory>(without_files)), CodecError);
    const asyncio::detail::SharedFiles none;
    asyncio::ByteSource with_none(std::as_bytes(std::span(bytes)), &none);
    EXPECT_THROW(static_cast<void>(asyncio::decode<SharedMemory>(with_none)), CodecError);
}

asyncio::Coro<int> add_up_elsewhere(ProcessPoolExecutor& pool, SharedMemory numbers) {
    co_return co_await asyncio::get_running_loop().run_in_executor(pool, remote<&process_jobs::add_up>, numbers);
}

TEST(SharedMemory, IPC_6_from_a_loop) {
    ProcessPoolExecutor pool({.max_workers = 1});
    EXPECT_EQ(asyncio::run(add_up_elsewhere(pool, numbers_from(4))), sum_from(4));
}

}  // namespace
