// Where things were made, which debug mode keeps: DBG-2, DBG-6, LOOP-27; and the text forms, FUT-17, TASK-32, HND-6.
// It looks at full names of functions: not in a unit with others (tests/Units.cmake).

#include "support/loops.hpp"
#include "support/reports.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/testing/captured_log.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <source_location>
#include <stdexcept>
#include <string>

namespace {

using asyncio::Coro;
using asyncio::Future;
using asyncio::testing::CapturedLog;
using namespace std::chrono_literals;

/// "…/creation_place_test.cpp:12"
std::string place(int lines_before, std::source_location here = std::source_location::current()) {
    return std::string(here.file_name()) + ":" + std::to_string(static_cast<int>(here.line()) - lines_before);
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

class CreationPlace : public support::OnEachDriver {};
ASYNCIO_ON_EACH_DRIVER(CreationPlace);

void callback() {}
void with_argument(int) {}
void fail() {
    throw std::runtime_error("failed");
}
Coro<int> seven() {
    co_await asyncio::sleep(1ms);
    co_return 7;
}
Coro<> forgotten() {
    co_return;
}
[[gnu::noinline]] void forget() {
    static_cast<void>(forgotten());
}
[[maybe_unused]] std::string place_of_forgotten() {
    return place(3);
}

TEST_P(CreationPlace, DBG_6_in_the_text_forms) {
    loop.set_debug(true);
    auto future = loop.create_future<int>();
    const std::string future_place = place(1);
    Future<int> other(loop);
    const std::string other_place = place(1);
    auto task = loop.create_task(seven());
    const std::string task_place = place(1);
    auto handle = loop.call_soon(callback);
    const std::string handle_place = place(1);
    auto timer = loop.call_later(1s, callback);
    const std::string timer_place = place(1);

    EXPECT_EQ(future.repr(), "<Future pending created at " + future_place + ">");
    EXPECT_EQ(other.repr(), "<Future pending created at " + other_place + ">");
    EXPECT_TRUE(contains(task.repr(), " created at " + task_place + ">")) << task.repr();
    EXPECT_TRUE(contains(handle.repr(), " created at " + handle_place + ">")) << handle.repr();
    EXPECT_TRUE(contains(timer.repr(), " created at " + timer_place + ">")) << timer.repr();
    handle.cancel();
    EXPECT_EQ(handle.repr().find("<Handle cancelled "), 0U) << "kept: " << handle.repr();
    EXPECT_TRUE(contains(handle.repr(), " created at " + handle_place + ">")) << handle.repr();
    run([&]() -> Coro<> {
        auto inner = asyncio::create_task(seven(), {.name = "x"});
        EXPECT_TRUE(contains(inner.repr(), " created at " + place(1) + ">")) << inner.repr();
        auto plain = asyncio::create_task(seven());
        EXPECT_TRUE(contains(plain.repr(), " created at " + place(1) + ">")) << plain.repr();
        co_await inner;
        co_await plain;
        co_await task;
    });
    EXPECT_TRUE(contains(task.repr(), "result=7 created at " + task_place + ">")) << task.repr();
}

TEST_P(CreationPlace, DBG_6_not_without_debug_mode) {
    auto future = loop.create_future<int>();
    auto handle = loop.call_soon(callback);
    auto task = loop.create_task(seven());
    EXPECT_EQ(future.repr(), "<Future pending>");
    EXPECT_FALSE(contains(handle.repr() + task.repr(), "created at"));
    run(task);
    EXPECT_FALSE(contains(task.repr(), "created at"));
}

TEST_P(CreationPlace, DBG_6_in_exception_contexts_and_the_default_log) {
    loop.set_debug(true);
    std::string task_place;
    std::string future_place;
    std::string handle_place;
    const auto make = [&] {
        static_cast<void>(loop.create_task([]() -> Coro<> {
            fail();
            co_return;
        }));
        task_place = place(4);
        loop.create_future<int>().set_exception(std::runtime_error("lost"));
        future_place = place(1);
        loop.call_soon(fail);
        handle_place = place(1);
    };
    {
        support::Reports reports(loop);
        make();
        run_once();
        ASSERT_EQ(reports.contexts().size(), 3U);
        EXPECT_EQ(reports.contexts()[0].source_traceback, future_place);
        EXPECT_EQ(reports.contexts()[1].source_traceback, task_place);
        EXPECT_EQ(reports.contexts()[2].source_traceback, handle_place);
    }
    loop.set_exception_handler({});
    CapturedLog log;
    make();
    run_once();
    EXPECT_TRUE(log.contains("Object created at " + future_place)) << log.text();
    EXPECT_TRUE(log.contains("Object created at " + task_place)) << log.text();
    EXPECT_TRUE(log.contains("Handle created at " + handle_place)) << log.text();
}

TEST_P(CreationPlace, DBG_6_a_destroyed_pending_task_names_its_place) {
    CapturedLog log;
    loop.set_debug(true);
    static_cast<void>(loop.create_task(seven()));
    const std::string made = place(1);
    loop.close();
    EXPECT_TRUE(log.contains("Object created at " + made)) << log.text();
}

TEST_P(CreationPlace, DBG_6_callbacks_with_arguments_name_at_least_the_function) {
    loop.set_debug(true);
    auto handle = loop.call_soon(with_argument, 1);
    // The stack is read for these: without debug information it names the function, without symbols nothing.
    const std::string text = handle.repr();
    if (contains(text, "created at")) {
        EXPECT_TRUE(contains(text, "creation_place_test.cpp:") || contains(text, "DBG_6_callbacks")) << text;
    }
}

TEST_P(CreationPlace, DBG_10_places_of_the_other_mode) {
    auto before = loop.create_future<int>();
    std::optional<Future<int>> during;
    loop.set_debug(true);
    during = Future<int>(loop);
    const std::string made = place(1);
    auto handle = loop.call_soon(callback);
    loop.set_debug(false);
    EXPECT_EQ(before.repr(), "<Future pending>");
    EXPECT_EQ(during->repr(), "<Future pending created at " + made + ">") << "kept";
    during.reset();
    std::vector<Future<int>> many;  // in the memory of that one, too
    for (int i = 0; i < 50; ++i) many.emplace_back(loop);
    for (const auto& future : many) EXPECT_EQ(future.repr(), "<Future pending>");
    run_once();
}

TEST_P(CreationPlace, DBG_2_never_awaited_names_the_function_and_who_made_the_coroutine) {
    CapturedLog log;
    loop.set_debug(true);
    loop.slow_callback_duration = 1h;  // finding the line in the program's debug information takes a while
    loop.call_soon(forget);
    run_once();
    ASSERT_EQ(log.lines().size(), 1U) << log.text();
    EXPECT_TRUE(log.contains("forgotten' was never awaited")) << log.text();
    EXPECT_TRUE(log.contains("creation_place_test.cpp")) << log.text();
#if ASYNCIO_TEST_KNOWS_LINES
    EXPECT_TRUE(log.contains("created at " + place_of_forgotten())) << log.text();
#elif ASYNCIO_TEST_KNOWS_FUNCTIONS
    EXPECT_TRUE(log.contains("created at ") && log.contains("forget()")) << log.text();
#endif
}

TEST_P(CreationPlace, DBG_2_a_coroutine_made_in_a_coroutine) {
    CapturedLog log;
    loop.set_debug(true);
    loop.slow_callback_duration = 1h;
    std::string made;
    run([&]() -> Coro<> {
        static_cast<void>(forgotten());
        made = place(1);
        co_return;
    });
    ASSERT_EQ(log.lines().size(), 1U) << log.text();
#if ASYNCIO_TEST_KNOWS_LINES
    EXPECT_TRUE(log.contains("created at " + made)) << log.text();
#endif
}

TEST_P(CreationPlace, DBG_2_a_stale_place_is_not_reported) {
    CapturedLog log;
    loop.set_debug(true);
    loop.slow_callback_duration = 1h;  // finding the line in the program's debug information takes a while
    loop.call_soon(forget);
    run_once();
    loop.set_debug(false);
    std::optional<Coro<>> made_without(forgotten());  // in the memory of that one
    loop.set_debug(true);
    loop.call_soon([&] { made_without.reset(); });
    run_once();
    ASSERT_EQ(log.lines().size(), 2U) << log.text();
    EXPECT_FALSE(contains(log.lines()[1].text, "created at")) << log.text();
}

// --- text forms ---

TEST_P(CreationPlace, FUT_17_the_states_and_their_outcomes) {
    auto number = loop.create_future<int>();
    EXPECT_EQ(number.repr(), "<Future pending>");
    number.set_result(42);
    EXPECT_EQ(number.repr(), "<Future finished result=42>");
    auto text = loop.create_future<std::string>();
    text.set_result("0123456789012345678901234567890123456789");
    EXPECT_EQ(text.repr(), "<Future finished result='012345678901...7890123456789'>") << "shortened as reprlib does";
    auto nothing = loop.create_future<void>();
    nothing.set_result();
    EXPECT_EQ(nothing.repr(), "<Future finished result=None>");
    auto flag = loop.create_future<bool>();
    flag.set_result(true);
    EXPECT_EQ(flag.repr(), "<Future finished result=True>");
    auto other = loop.create_future<std::optional<int>>();
    other.set_result(1);
    EXPECT_EQ(other.repr(), "<Future finished result=<std::optional<int>>>");
    auto failed = loop.create_future<int>();
    failed.set_exception(std::runtime_error("why"));
    EXPECT_EQ(failed.repr(), "<Future finished exception=std::runtime_error: why>");
    static_cast<void>(failed.exception());
    auto cancelled = loop.create_future<int>();
    cancelled.cancel();
    EXPECT_EQ(cancelled.repr(), "<Future cancelled>");
}

struct First {
    void operator()(const Future<int>&) const {}
};
struct Second {
    void operator()(const Future<int>&) const {}
};

TEST_P(CreationPlace, FUT_17_callbacks) {
    auto future = loop.create_future<int>();
    future.add_done_callback(First());
    EXPECT_EQ(future.repr(), "<Future pending cb=[First()]>");
    future.add_done_callback(Second());
    EXPECT_EQ(future.repr(), "<Future pending cb=[First(), Second()]>");
    future.add_done_callback(Second());
    future.add_done_callback(First());
    EXPECT_EQ(future.repr(), "<Future pending cb=[First(), <2 more>, First()]>");
    future.add_done_callback([](const auto&) {});
    EXPECT_TRUE(contains(future.repr(), "<lambda>()]>")) << future.repr();
    loop.set_debug(true);
    auto debugged = loop.create_future<int>();
    const std::string made = place(1);
    debugged.add_done_callback(First());
    EXPECT_EQ(debugged.repr(), "<Future pending cb=[First() at " + place(1) + "] created at " + made + ">");
}

TEST_P(CreationPlace, TASK_32_coroutine_wait_and_callbacks) {
    auto future = loop.create_future<int>();
    int line = 0;
    const auto waits = [&]() -> Coro<int> {
        line = static_cast<int>(std::source_location::current().line()) + 1;
        co_return co_await future;
    };
    auto task = loop.create_task(waits(), {.name = "x"});
    EXPECT_TRUE(contains(task.repr(), "<Task pending name='x' coro=<")) << task.repr();
    auto awaiting = loop.create_task([&]() -> Coro<int> { co_return co_await task; }, {.name = "y"});
    run_once();
    const std::string text = task.repr();
    EXPECT_TRUE(contains(text, "running at " + std::string(__FILE__) + ":" + std::to_string(line) + ">")) << text;
    EXPECT_TRUE(contains(text, "> wait_for=<Future pending cb=[Task.task_wakeup()]>")) << text;
    EXPECT_TRUE(contains(awaiting.repr(), "creation_place_test.cpp")) << "not the library's: " << awaiting.repr();
    run_once();
    EXPECT_TRUE(contains(task.repr(), " cb=[Task.task_wakeup()]>")) << task.repr();
    EXPECT_TRUE(contains(awaiting.repr(), " wait_for=<Task pending name='x'>")) << awaiting.repr();
    future.set_result(7);
    run(awaiting);
    EXPECT_EQ(task.repr(), "<Task finished name='x' result=7>");
}

TEST_P(CreationPlace, TASK_32_cancelling_cancelled_failed) {
    auto task = loop.create_task(seven(), {.name = "x"});
    run_once();
    task.cancel();
    EXPECT_EQ(task.repr().find("<Task cancelling name='x' coro=<"), 0U) << task.repr();
    run_once();
    EXPECT_EQ(task.repr(), "<Task cancelled name='x'>");
    auto failed = loop.create_task(
        []() -> Coro<> {
            fail();
            co_return;
        },
        {.name = "y"});
    run_once();
    EXPECT_EQ(failed.repr(), "<Task finished name='y' exception=std::runtime_error: failed>");
    static_cast<void>(failed.exception());
}

TEST_P(CreationPlace, TASK_32_the_users_of_the_library_by_name) {
    run([]() -> Coro<> {
        auto a = asyncio::create_task(seven());
        auto b = asyncio::create_task(seven());
        auto gathered = asyncio::gather(a, b);
        EXPECT_TRUE(contains(a.repr(), "cb=[gather()]")) << a.repr();
        co_await gathered;
        co_await asyncio::async_with(asyncio::TaskGroup{}, [](auto& group) -> Coro<> {
            auto child = group.create_task(seven());
            EXPECT_TRUE(contains(child.repr(), "cb=[TaskGroup._on_task_done()]")) << child.repr();
            co_return;
        });
    });
}

TEST_P(CreationPlace, HND_6_functions_are_named) {
    auto handle = loop.call_soon(First(), loop.create_future<int>());
    EXPECT_EQ(handle.repr(), "<Handle First()>");
    handle.cancel();
    EXPECT_EQ(handle.repr(), "<Handle cancelled>");
    auto lambda = loop.call_later(1s, [] {});
    EXPECT_TRUE(contains(lambda.repr(), "<lambda>()>")) << lambda.repr();
}

}  // namespace
