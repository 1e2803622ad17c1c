#include <asyncio/executor/interpreter_pool_executor.hpp>

#include <asyncio/base/exceptions.hpp>
#include <asyncio/executor/run_in_executor.hpp>
#include <asyncio/task/run.hpp>
#include <asyncio/testing/captured_log.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using asyncio::futures::BrokenInterpreterPool;
using asyncio::futures::ExecutionFailed;
using asyncio::futures::InterpreterPoolExecutor;
using testing::HasSubstr;

namespace {

thread_local std::string model = "none";

std::string classify(std::string text) {
    return model + ": " + text;
}
std::vector<int> reversed(const std::vector<int>& numbers) {
    return {numbers.rbegin(), numbers.rend()};
}
/// Where an argument lies in the thread of the job.
std::uintptr_t place_of(const std::vector<int>& numbers) {
    return reinterpret_cast<std::uintptr_t>(numbers.data());
}
int add(int a, int b) {
    return a + b;
}
std::unique_ptr<int> twice(std::unique_ptr<int> box) {
    return std::make_unique<int>(2 * *box);
}

struct StopIteration {
    int value = 0;
};
const bool registered = asyncio::register_remote_exception<StopIteration>();

struct Odd : std::runtime_error {
    using std::runtime_error::runtime_error;
};
void stop() {
    throw StopIteration{7};
}
void throw_odd() {
    throw Odd("odd");
}
void throw_key() {
    throw std::out_of_range("key");
}

}  // namespace

TEST(InterpreterPoolExecutor, IPE_1_each_thread_has_its_own_state) {
    InterpreterPoolExecutor pool({.max_workers = 2, .initializer = [] { model = "big"; }});
    EXPECT_EQ(pool.submit(asyncio::remote<&classify>, "x").result(), "big: x");
    EXPECT_EQ(model, "none");
}

TEST(InterpreterPoolExecutor, IPE_1_arguments_and_results_are_copies) {
    InterpreterPoolExecutor pool;
    const std::vector<int> numbers{1, 2, 3};
    EXPECT_EQ(pool.submit(asyncio::remote<&reversed>, numbers).result(), (std::vector{3, 2, 1}));
    EXPECT_NE(pool.submit(asyncio::remote<&place_of>, numbers).result(), place_of(numbers));
    EXPECT_EQ(*pool.submit(asyncio::remote<&twice>, std::make_unique<int>(4)).result(), 8);
}

TEST(InterpreterPoolExecutor, IPE_1_map_keeps_the_order) {
    InterpreterPoolExecutor pool({.max_workers = 3});
    std::vector<int> sums;
    for (const int sum : pool.map(asyncio::remote<&add>, std::vector{1, 2, 3}, std::vector{10, 20, 30}))
        sums.push_back(sum);
    EXPECT_EQ(sums, (std::vector{11, 22, 33}));
}

TEST(InterpreterPoolExecutor, IPE_1_a_task_awaits_its_jobs) {
    const int sum = asyncio::run([]() -> asyncio::Coro<int> {
        InterpreterPoolExecutor pool;
        const int first = co_await pool.submit(asyncio::remote<&add>, 1, 2);
        const int both = co_await pool.submit(asyncio::remote<&add>, first, 3);
        co_await pool.aclose();
        co_return both;
    });
    EXPECT_EQ(sum, 6);
}

TEST(InterpreterPoolExecutor, IPE_2_registered_exceptions_are_kept_as_they_are) {
    InterpreterPoolExecutor pool;
    EXPECT_THROW(pool.submit(asyncio::remote<&throw_key>).result(), std::out_of_range);
    EXPECT_EQ(pool.submit(asyncio::remote<&add>, 1, 1).result(), 2);
}

TEST(InterpreterPoolExecutor, IPE_2_what_cannot_be_carried_is_execution_failed) {
    InterpreterPoolExecutor pool;
    try {
        pool.submit(asyncio::remote<&throw_odd>).result();
        FAIL() << "nothing was thrown";
    } catch (const ExecutionFailed& error) {
        EXPECT_STREQ(error.what(), "odd");
        EXPECT_THAT(error.type(), HasSubstr("Odd"));
        EXPECT_THAT(asyncio::remote_traceback(error), HasSubstr("throw_odd in process"));
    }
}

TEST(InterpreterPoolExecutor, IPE_2_an_initializer_that_fails_breaks_the_pool) {
    const asyncio::testing::CapturedLog log;
    InterpreterPoolExecutor pool({.initializer = [] { throw std::runtime_error("no model"); }});
    try {
        pool.submit(asyncio::remote<&add>, 1, 2).result();
        FAIL() << "nothing was thrown";
    } catch (const asyncio::futures::BrokenThreadPool& error) {
        EXPECT_STREQ(error.what(), "A thread initializer failed, the thread pool is not usable anymore");
        const auto* broken = dynamic_cast<const BrokenInterpreterPool*>(&error);
        ASSERT_NE(broken, nullptr);
        try {
            std::rethrow_exception(broken->cause());
        } catch (const ExecutionFailed& cause) {
            EXPECT_STREQ(cause.what(), "no model");
            EXPECT_EQ(cause.type(), "std::runtime_error");
        }
    }
    EXPECT_THROW(pool.submit(asyncio::remote<&add>, 1, 2), BrokenInterpreterPool);
}

TEST(InterpreterPoolExecutor, IPE_1_shutdown_refuses_jobs) {
    InterpreterPoolExecutor pool;
    pool.shutdown();
    EXPECT_THROW(pool.submit(asyncio::remote<&add>, 1, 2), asyncio::RuntimeError);
}

// Python turns a StopIteration of a job into a RuntimeError, because it would end a generator. Here no exception means
// anything to a coroutine, and so none is changed on its way: neither between threads nor by a codec.
TEST(InterpreterPoolExecutor, EXEC_15_no_exception_type_is_changed_on_the_way) {
    EXPECT_TRUE(registered);
    const int value = asyncio::run([]() -> asyncio::Coro<int> {
        int sum = 0;
        try {
            co_await asyncio::get_running_loop().run_in_executor(nullptr, &stop);
        } catch (const StopIteration& error) {
            sum += error.value;
        }
        InterpreterPoolExecutor pool;
        try {
            co_await pool.submit(asyncio::remote<&stop>);
        } catch (const StopIteration& error) {
            sum += 10 * error.value;
        }
        co_await pool.aclose();
        co_return sum;
    });
    EXPECT_EQ(value, 77);
}
