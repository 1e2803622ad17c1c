#include <asyncio/asyncio.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <optional>
#include <regex>
#include <stdexcept>
#include <support/loops.hpp>

// capture_call_graph, format_call_graph, and the stack of a task.
// It looks at full names of functions: not in a unit with others (tests/Units.cmake).

namespace {

using namespace std::chrono_literals;
using namespace asyncio;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class CallGraphTest : public support::OnEachDriver {
protected:
    FutureCallGraph graph_of(CallGraphOptions options);
    /// The text form without ids, folders and lines.
    static std::string plain(const std::string& text) {
        const std::string without_ids = std::regex_replace(text, std::regex("id=0x[0-9a-f]+"), "id=X");
        return std::regex_replace(without_ids, std::regex("'(?:[^']*/)?([^/']+)', line [0-9]+"), "'$1'");
    }
    static std::vector<std::string> functions(const std::vector<FrameCallGraphEntry>& frames) {
        std::vector<std::string> names;
        for (const auto& frame : frames) names.push_back(frame.function());
        return names;
    }
    static std::vector<std::string> awaiters(const AnyFuture& future) { return names_of(capture_call_graph(future)); }
    static std::vector<std::string> names_of(const FutureCallGraph& graph) {
        std::vector<std::string> names;
        for (const auto& awaiter : graph.awaited_by()) {
            const auto& core = awaiter.future().core();
            names.push_back(core.is_task() ? static_cast<const detail::TaskCore&>(core).name() : "future");
        }
        return names;
    }
    static std::string read_back(std::FILE* file) {
        std::string text(static_cast<std::size_t>(std::ftell(file)), '\0');
        std::rewind(file);
        text.resize(std::fread(text.data(), 1, text.size(), file));
        std::fclose(file);
        return text;
    }
    template <class Waiting>
    Task<void> start(const char* name, Waiting&& waiting) {
        auto task = loop.create_task(std::forward<Waiting>(waiting), {.name = name});
        return task;
    }
    template <class... Tasks>
    void end(Tasks&... tasks) {
        (tasks.cancel(), ...);
        for (int i = 0; i < 5; ++i) run_once();
        EXPECT_TRUE((... && tasks.done()));
    }
};
ASYNCIO_ON_EACH_DRIVER(CallGraphTest);

Coro<> sleeping() {
    co_await asyncio::sleep(1h);
}

Coro<> calling(int depth) {
    if (depth == 0) {
        co_await sleeping();
    } else {
        co_await calling(depth - 1);
    }
}

AsyncGenerator<int> generating() {
    co_await sleeping();
    co_yield 1;
}

Coro<> iterating() {
    auto generator = generating();
    co_await generator.next();
}

TEST_P(CallGraphTest, INS_1_without_a_running_loop_and_a_future_it_throws) {
    EXPECT_THROW(static_cast<void>(capture_call_graph()), RuntimeError);
    EXPECT_THROW(static_cast<void>(format_call_graph()), RuntimeError);
}

TEST_P(CallGraphTest, INS_1_in_a_callback_there_is_no_graph) {
    bool called = false;
    loop.call_soon([&] {
        called = true;
        EXPECT_FALSE(capture_call_graph());
        EXPECT_EQ(format_call_graph(), "");
    });
    run_once();
    EXPECT_TRUE(called);
}

Coro<FutureCallGraph> asking_by_call() {
    co_return *capture_call_graph();
}

// Not the result of the task: a task whose result is a graph of itself would keep itself alive for ever.
Coro<> beginning_to_ask(std::optional<FutureCallGraph>& graph) {
    graph = co_await asking_by_call();
}

TEST_P(CallGraphTest, INS_1_the_current_task_shows_where_it_asks_and_where_it_began) {
    std::optional<FutureCallGraph> asked;
    auto task = loop.create_task(beginning_to_ask(asked));
    run(task);
    const FutureCallGraph& graph = *asked;
    EXPECT_EQ(graph.future(), AnyFuture(task));
    EXPECT_THAT(functions(graph.call_stack()), ElementsAre(HasSubstr("asking_by_call"), HasSubstr("beginning_to_ask")));
    EXPECT_TRUE(graph.awaited_by().empty());
}

Coro<FutureCallGraph> asking(CallGraphOptions options) {
    co_return co_await capture_call_graph_here(options);
}

Coro<FutureCallGraph> passing(CallGraphOptions options) {
    co_return co_await asking(options);
}

Coro<> beginning(CallGraphOptions options, std::optional<FutureCallGraph>& graph) {
    graph = co_await passing(options);
}

FutureCallGraph CallGraphTest::graph_of(CallGraphOptions options) {
    std::optional<FutureCallGraph> graph;
    run(beginning(options, graph));
    return *graph;
}

TEST_P(CallGraphTest, INS_1_an_await_sees_the_whole_stack_of_the_current_task) {
    EXPECT_THAT(functions(graph_of({}).call_stack()),
                ElementsAre(HasSubstr("asking"), HasSubstr("passing"), HasSubstr("beginning")));
}

TEST_P(CallGraphTest, INS_1_depth_leaves_out_the_innermost_frames) {
    EXPECT_EQ(graph_of({.depth = 2}).call_stack().size(), 2U);
    EXPECT_EQ(graph_of({.depth = 9}).call_stack().size(), 0U);
}

TEST_P(CallGraphTest, INS_1_limit_keeps_the_outermost_or_the_innermost_frames) {
    const auto outermost = graph_of({.limit = 1}).call_stack();
    ASSERT_EQ(outermost.size(), 1U);
    EXPECT_THAT(outermost[0].function(), HasSubstr("beginning"));
    const auto innermost = graph_of({.limit = -2}).call_stack();
    ASSERT_EQ(innermost.size(), 2U);
    EXPECT_THAT(innermost[0].function(), HasSubstr("asking"));
    EXPECT_EQ(graph_of({.limit = 0}).call_stack().size(), 0U);
    EXPECT_EQ(graph_of({.limit = 7}).call_stack().size(), 3U);
}

TEST_P(CallGraphTest, INS_1_limit_goes_for_the_awaiters_too) {
    auto child = start("child", calling(3));
    const auto waits = [&]() -> Coro<> { co_await child; };
    auto parent = start("parent", waits());
    run_once();
    const auto graph = capture_call_graph(child, {.limit = 0});
    EXPECT_TRUE(graph.call_stack().empty());
    ASSERT_EQ(graph.awaited_by().size(), 1U);
    EXPECT_TRUE(graph.awaited_by()[0].call_stack().empty());
    end(parent);
}

TEST_P(CallGraphTest, INS_2_awaited_by_is_recursive) {
    auto a = start("a", sleeping());
    const auto waits = [](Task<void> task) -> Coro<> { co_await task; };
    auto b = start("b", waits(a));
    auto c = start("c", waits(b));
    run_once();
    const auto graph = capture_call_graph(a);
    EXPECT_EQ(graph.call_stack().size(), 1U);
    EXPECT_EQ(std::string(graph.call_stack()[0].file()), std::string(__FILE__));
    EXPECT_GT(graph.call_stack()[0].line(), 0U);
    EXPECT_THAT(names_of(graph), ElementsAre("b"));
    EXPECT_THAT(names_of(graph.awaited_by()[0]), ElementsAre("c"));
    EXPECT_EQ(graph.awaited_by()[0].call_stack().size(), 1U);
    end(c);
}

TEST_P(CallGraphTest, INS_2_a_task_that_is_done_has_neither_stack_nor_awaiters) {
    const auto nothing = []() -> Coro<> { co_return; };
    auto task = loop.create_task(nothing());
    run(task);
    const auto graph = capture_call_graph(task);
    EXPECT_TRUE(graph.call_stack().empty());
    EXPECT_TRUE(graph.awaited_by().empty());
}

TEST_P(CallGraphTest, INS_3_the_text_is_printed_with_a_line_end) {
    Future<int> future(loop);
    std::FILE* file = std::tmpfile();
    print_call_graph(future, file);
    EXPECT_EQ(read_back(file), format_call_graph(future) + "\n");
}

TEST_P(CallGraphTest, INS_3_nothing_is_printed_without_a_task) {
    std::FILE* file = std::tmpfile();
    loop.call_soon([&] { print_call_graph(file); });
    run_once();
    EXPECT_EQ(read_back(file), "");
}

Coro<> awaiting(Task<void> task) {
    co_await task;
}

TEST_P(CallGraphTest, INS_4_the_text_has_the_form_of_asyncio) {
    auto inner = start("inner", iterating());
    auto outer = start("outer", awaiting(inner));
    run_once();
    EXPECT_EQ(std::regex_replace(plain(format_call_graph(inner)),
                                 std::regex("(\\{anonymous\\}|\\(anonymous namespace\\))::"), ""),
              "* Task(name='inner', id=X)\n"
              "  + Call stack:\n"
              "  |   File 'call_graph_test.cpp', in async sleeping()\n"
              "  |   File 'call_graph_test.cpp', in async generator generating()\n"
              "  |   File 'call_graph_test.cpp', in async iterating()\n"
              "  + Awaited by:\n"
              "    * Task(name='outer', id=X)\n"
              "      + Call stack:\n"
              "      |   File 'call_graph_test.cpp', in async awaiting()");
    end(outer);
}

TEST_P(CallGraphTest, INS_4_a_future_has_no_name_and_no_stack) {
    Future<int> future(loop);
    EXPECT_EQ(plain(format_call_graph(future)), "* Future(id=X)");
}

TEST_P(CallGraphTest, INS_4_a_body_in_the_wrapper_of_a_task_factory_is_no_generator) {
    loop.set_task_factory([](EventLoop&, NewTask& task, TaskOptions options) {
        task.wrap([](TaskBody body) -> Coro<> { co_await body; });
        task.start(options);
    });
    auto task = start("wrapped", iterating());
    loop.set_task_factory(nullptr);
    run_once();
    const auto graph = capture_call_graph(task);
    int generators = 0;
    for (const auto& frame : graph.call_stack()) generators += frame.kind() == FrameKind::async_generator ? 1 : 0;
    EXPECT_EQ(generators, 1);
    EXPECT_EQ(graph.call_stack()[1].kind(), FrameKind::async_generator);
    end(task);
}

TEST_P(CallGraphTest, INS_5_gather_makes_edges) {
    auto a = start("a", sleeping());
    auto b = start("b", sleeping());
    const auto gathers = [&]() -> Coro<> { co_await gather(a, b, a); };
    auto parent = start("parent", gathers());
    run_once();
    EXPECT_THAT(awaiters(a), ElementsAre("parent"));
    EXPECT_THAT(awaiters(b), ElementsAre("parent"));
    end(parent);
}

TEST_P(CallGraphTest, INS_5_wait_makes_edges) {
    auto a = start("a", sleeping());
    auto b = start("b", sleeping());
    const auto waits = [&]() -> Coro<> {
        std::vector<Task<void>> both{a, b};
        co_await asyncio::wait(both);
    };
    auto parent = start("parent", waits());
    run_once();
    EXPECT_THAT(awaiters(a), ElementsAre("parent"));
    EXPECT_THAT(awaiters(b), ElementsAre("parent"));
    end(parent, a, b);
}

TEST_P(CallGraphTest, INS_5_shield_makes_edges) {
    auto inner = start("inner", sleeping());
    const auto shields = [&]() -> Coro<> { co_await shield(inner); };
    auto parent = start("parent", shields());
    run_once();
    EXPECT_THAT(awaiters(inner), ElementsAre("parent"));
    parent.cancel();
    run_once();
    run_once();
    EXPECT_THAT(awaiters(inner), ElementsAre());
    end(inner, parent);
}

TEST_P(CallGraphTest, INS_5_task_group_makes_edges) {
    const auto groups = [&]() -> Coro<> {
        const auto body = [&](TaskGroup& group) -> Coro<> {
            group.create_task(sleeping(), {.name = "child"});
            co_return;
        };
        co_await async_with(TaskGroup(), body);
    };
    auto parent = start("parent", groups());
    run_once();
    run_once();
    const auto tasks = all_tasks(loop);
    ASSERT_EQ(tasks.size(), 2U);
    EXPECT_THAT(awaiters(tasks[1]), ElementsAre("parent"));
    end(parent);
}

TEST_P(CallGraphTest, INS_5_plain_callbacks_make_none) {
    auto task = start("task", sleeping());
    task.add_done_callback([](const Future<void>&) {});
    EXPECT_THAT(awaiters(task), ElementsAre());
    end(task);
}

TEST_P(CallGraphTest, INS_5_edges_by_hand) {
    Future<int> future(loop);
    Future<int> waiter(loop);
    future_add_to_awaited_by(future, waiter);
    future_add_to_awaited_by(future, waiter);
    EXPECT_THAT(awaiters(future), ElementsAre("future"));
    EXPECT_THAT(awaiters(waiter), ElementsAre());
    future_discard_from_awaited_by(future, waiter);
    EXPECT_THAT(awaiters(future), ElementsAre());
    future_discard_from_awaited_by(future, waiter);
}

TEST_P(CallGraphTest, INS_5_a_task_can_be_added_by_hand) {
    Future<int> future(loop);
    auto task = start("task", sleeping());
    future_add_to_awaited_by(future, task);
    EXPECT_THAT(awaiters(future), ElementsAre("task"));
    end(task);
    EXPECT_THAT(awaiters(future), ElementsAre());
}

TEST_P(CallGraphTest, INS_5_edges_by_hand_end_with_either_end) {
    Future<int> future(loop);
    {
        Future<int> dropped(loop);
        Future<int> done(loop);
        future_add_to_awaited_by(future, dropped);
        future_add_to_awaited_by(future, done);
        EXPECT_EQ(awaiters(future).size(), 2U);
        done.set_result(1);
        EXPECT_EQ(awaiters(future).size(), 1U);
    }
    EXPECT_THAT(awaiters(future), ElementsAre());
    Future<int> waiter(loop);
    future_add_to_awaited_by(future, waiter);
    future.set_result(1);
    future_add_to_awaited_by(future, waiter);
    future_add_to_awaited_by(waiter, future);
    EXPECT_THAT(awaiters(future), ElementsAre());
    EXPECT_THAT(awaiters(waiter), ElementsAre());
}

TEST_P(CallGraphTest, INS_5_edges_by_hand_are_no_waiters_of_a_closed_loop) {
    Future<int> future(loop);
    Future<int> waiter(loop);
    Future<int> failed(loop);
    future_add_to_awaited_by(future, waiter);
    future_add_to_awaited_by(failed, waiter);
    loop.close();
    future.set_result(7);
    EXPECT_EQ(future.result(), 7);
    failed.set_exception(std::runtime_error("why"));
    EXPECT_THROW(static_cast<void>(failed.result()), std::runtime_error);
    waiter.set_result(8);
    EXPECT_EQ(waiter.result(), 8);

    auto other = support::make_loop(GetParam());
    Future<int> with_callback(*other);
    Future<int> awaiter(*other);
    bool called = false;
    future_add_to_awaited_by(with_callback, awaiter);
    with_callback.add_done_callback([&](const Future<int>&) { called = true; });
    other->close();
    EXPECT_THROW(with_callback.set_result(1), RuntimeError) << "LOOP-10";
    EXPECT_EQ(with_callback.result(), 1);
    EXPECT_FALSE(called);
    EXPECT_TRUE(awaiter.cancel());
}

TEST_P(CallGraphTest, INS_6_edges_vanish_with_completion_and_cancel) {
    Future<void> future(loop);
    const auto waits = [&]() -> Coro<> { co_await future; };
    const auto waits_shielded = [&]() -> Coro<> { co_await shield(future); };
    auto a = start("a", waits());
    auto b = start("b", waits_shielded());
    run_once();
    EXPECT_THAT(awaiters(future), ElementsAre("a", "b"));
    b.cancel();
    run_once();
    run_once();
    EXPECT_THAT(awaiters(future), ElementsAre("a"));
    future.set_result();
    EXPECT_THAT(awaiters(future), ElementsAre());
    end(a, b);
}

TEST_P(CallGraphTest, INS_6_repeated_waits_do_not_accumulate) {
    Future<void> future(loop);
    std::vector<std::size_t> counts;
    const auto repeats = [&]() -> Coro<> {
        std::vector<Future<void>> futures{future};
        for (int i = 0; i < 20; ++i) {
            co_await asyncio::wait(futures, {.timeout = 1us});
            counts.push_back(awaiters(future).size());
        }
    };
    run(repeats());
    EXPECT_EQ(counts, std::vector<std::size_t>(20, 0));
}

TEST_P(CallGraphTest, INS_2_deep_stacks_and_long_chains_are_captured) {
#if defined(__SANITIZE_ADDRESS__)
    constexpr std::size_t depth = 10'000;  // an exception through more of them takes ASan's fake stack minutes
#else
    constexpr std::size_t depth = 100'000;
#endif
    auto deep = start("deep", calling(depth));
    run_once();
    EXPECT_EQ(capture_call_graph(deep).call_stack().size(), depth + 2);
    end(deep);

    std::vector<Future<int>> chain;
    for (std::size_t i = 0; i < depth; ++i) {
        chain.emplace_back(loop);
        if (i > 0) future_add_to_awaited_by(chain[i - 1], chain[i]);
    }
    std::size_t length = 0;
    for (FutureCallGraph graph = capture_call_graph(chain.front());; ++length) {
        const auto awaited_by = graph.awaited_by();
        if (awaited_by.empty()) break;
        graph = awaited_by.front();
    }
    EXPECT_EQ(length, depth - 1);
    EXPECT_THAT(format_call_graph(chain.front()), HasSubstr("…"));
}

TEST_P(CallGraphTest, INS_2_cycles_are_captured_and_printed_once) {
    Future<int> a(loop);
    Future<int> b(loop);
    future_add_to_awaited_by(a, b);
    future_add_to_awaited_by(b, a);
    future_add_to_awaited_by(b, b);
    const auto graph = capture_call_graph(a);
    EXPECT_EQ(graph.awaited_by().at(0).awaited_by().at(0).future(), AnyFuture(a));
    EXPECT_EQ(plain(format_call_graph(graph)),
              "* Future(id=X)\n"
              "  + Awaited by:\n"
              "    * Future(id=X)\n"
              "      + Awaited by:\n"
              "        * Future(id=X) (cycle)\n"
              "        * Future(id=X) (cycle)");
}

TEST_P(CallGraphTest, INS_13_every_task_can_be_looked_at_from_the_loops_thread) {
    auto other = start("other", calling(2));
    run_once();
    const auto body = [&]() -> Coro<> {
        EXPECT_EQ(other.get_stack().size(), 4U);
        EXPECT_EQ(capture_call_graph(other).call_stack().size(), 4U);
        EXPECT_EQ(all_tasks().size(), 2U);
        EXPECT_TRUE(current_task().has_value());
        EXPECT_THAT(other.repr(), HasSubstr("other"));
        EXPECT_TRUE(other.get_coro().has_value());
        co_return;
    };
    run(body());
    end(other);
}

TEST_P(CallGraphTest, TASK_26_a_suspended_task_gives_its_chain_of_awaits_oldest_first) {
    auto task = start("task", calling(1));
    EXPECT_EQ(task.get_stack().size(), 1U);  // not started: its function
    run_once();
    const auto stack = AnyTask(task).get_stack();
    ASSERT_EQ(stack.size(), 3U);
    EXPECT_THAT(stack[0].function(), HasSubstr("calling"));
    EXPECT_THAT(stack[2].function(), HasSubstr("sleeping"));
    const auto newest = task.get_stack(1);
    ASSERT_EQ(newest.size(), 1U);
    EXPECT_THAT(newest[0].function(), HasSubstr("sleeping"));
    end(task);
    EXPECT_TRUE(task.get_stack().empty());
}

TEST_P(CallGraphTest, TASK_26_the_running_task_gives_its_outermost_frame) {
    const auto body = []() -> Coro<> {
        EXPECT_EQ(current_task()->get_stack().size(), 1U);
        co_return;
    };
    run(body());
}

TEST_P(CallGraphTest, TASK_27_print_stack_says_what_it_prints) {
    auto task = start("task", sleeping());
    run_once();
    std::FILE* file = std::tmpfile();
    task.print_stack(std::nullopt, file);
    const std::string text = read_back(file);
    EXPECT_THAT(text, ::testing::StartsWith("Stack for " + task.repr() + " (most recent call last):\n  File \""));
    EXPECT_THAT(text, ::testing::EndsWith("sleeping\n"));
    end(task);
    file = std::tmpfile();
    task.print_stack({}, file);
    EXPECT_EQ(read_back(file), "No stack for " + task.repr() + "\n");
}

TEST_P(CallGraphTest, TASK_27_print_stack_of_a_failed_task_names_the_exception) {
    const auto fails = []() -> Coro<> {
        throw std::runtime_error("broken");
        co_return;
    };
    auto task = loop.create_task(fails(), {.name = "task"});
    EXPECT_THROW(run(task), std::runtime_error);
    std::FILE* file = std::tmpfile();
    task.print_stack({}, file);
    const std::string text = read_back(file);
    EXPECT_THAT(text, ::testing::StartsWith("Traceback for " + task.repr() + " "));
    EXPECT_THAT(text, HasSubstr("(most recent call last):\n"));
    EXPECT_THAT(text, ::testing::EndsWith("broken\n"));
}

TEST_P(CallGraphTest, CG_frames_of_the_library_are_left_out_and_lambdas_have_their_own_name) {
    Future<void> gate(loop);
    auto named = start("named", [&]() -> Coro<> {
        auto body = [&](asyncio::TaskGroup&) -> Coro<> { co_await asyncio::wait_for(gate, 1h); };
        co_await asyncio::async_with(asyncio::TaskGroup(), body);
    });
    run_once();
    run_once();
    const auto names = functions(named.get_stack());
    ASSERT_EQ(names.size(), 2U) << capture_call_graph(named).call_stack().size();
    for (const std::string& name : names) EXPECT_THAT(name, ::testing::EndsWith("::<lambda>"));
    EXPECT_THAT(named.repr(), HasSubstr("<lambda>() running at"));
    EXPECT_THAT(named.repr(), ::testing::Not(HasSubstr("asyncio::detail::")));
    end(named);
}

TEST_P(CallGraphTest, CG_what_only_the_library_runs_has_the_name_that_users_know) {
    auto sleeping = asyncio::ensure_future(asyncio::sleep(1h), {.loop = &loop});
    run_once();
    run_once();
    EXPECT_EQ(functions(sleeping.get_stack()), std::vector<std::string>{"asyncio::create_task"});
    end(sleeping);
}

}  // namespace
