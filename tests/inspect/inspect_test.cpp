#include <asyncio/asyncio.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <future>
#include <inspect/report.hpp>
#include <optional>
#include <thread>

// The program `asyncio`: looks into another process, here a forked one.

namespace {

using namespace std::chrono_literals;
using namespace asyncio;
using testing::HasSubstr;
using testing::Not;

/// A process that runs `main` until the test ends.
class Target {
public:
    explicit Target(void (*main)(int ready)) {
        int ends[2];
        if (::pipe(ends) != 0) std::abort();
        process_ = ::fork();
        if (process_ == 0) {
            main(ends[1]);
            ::_exit(0);
        }
        char byte = 0;
        while (::read(ends[0], &byte, 1) < 1) {
        }
        ::close(ends[0]);
        ::close(ends[1]);
    }
    Target(const Target&) = delete;
    Target& operator=(const Target&) = delete;
    ~Target() {
        ::kill(process_, SIGKILL);
        ::waitpid(process_, nullptr, 0);
    }

    [[nodiscard]] pid_t process() const noexcept { return process_; }

private:
    pid_t process_;
};

std::vector<inspect::Task> tasks_of(const Target& target) {
    return inspect::read_tasks(inspect::Memory(target.process()), 20);
}

#define TRY_TO_READ(tasks, target)                                                                            \
    std::vector<inspect::Task> tasks;                                                                         \
    try {                                                                                                     \
        tasks = tasks_of(target);                                                                             \
    } catch (const inspect::Failure& failure) {                                                               \
        if (std::string(failure.what()).find("no permission") == std::string::npos) FAIL() << failure.what(); \
        GTEST_SKIP() << failure.what();                                                                       \
    }

void say_ready(int ready) {
    if (::write(ready, "r", 1) != 1) ::_exit(1);
}

Coro<> sleeps() {
    co_await asyncio::sleep(1h);
}

Coro<> works() {
    co_await sleeps();
}

Coro<> gathers(int ready) {
    auto first = create_task(works(), {.name = "a task with a long name"});
    auto second = create_task(works());
    asyncio::get_running_loop().call_later(10ms, [ready] { say_ready(ready); });
    co_await gather(first, shield(second));
}

void run_gathering(int ready) {
    asyncio::run(gathers(ready));
}

TEST(Inspect, INS_7_the_tree_has_waiters_above_what_they_wait_for) {
    const Target target(&run_gathering);
    TRY_TO_READ(tasks, target);
    const auto tree = inspect::task_tree(tasks);
    EXPECT_FALSE(tree.cyclic);
    EXPECT_THAT(tree.text, testing::MatchesRegex("└── \\(T\\) Task-[0-9]+\n"
                                                 "    └──  [^\n]*gathers [^\n]*inspect_test.cpp:[0-9]+\n"
                                                 "        ├── \\(T\\) a task with a long name\n"
                                                 "        │   └──  [^\n]*works [^\n]*:[0-9]+\n"
                                                 "        │       └──  [^\n]*sleeps [^\n]*:[0-9]+\n"
                                                 "        └── \\(T\\) Task-[0-9]+\n"
                                                 "            └──  [^\n]*works [^\n]*:[0-9]+\n"
                                                 "                └──  [^\n]*sleeps [^\n]*:[0-9]+\n"));
}

TEST(Inspect, INS_8_the_table_has_a_line_for_each_edge) {
    const Target target(&run_gathering);
    TRY_TO_READ(tasks, target);
    ASSERT_EQ(tasks.size(), 3U);
    EXPECT_EQ(tasks[0].thread, target.process());
    const std::string table = inspect::task_table(tasks);
    EXPECT_THAT(table, testing::StartsWith("tid        task id              task name"));
    EXPECT_THAT(table, testing::ContainsRegex("0x[0-9a-f]+ +a task with a long name [^\n]*sleeps -> [^\n]*works "
                                              "[^\n]*gathers +Task-[0-9]+ +0x[0-9a-f]+ *\n"));
    EXPECT_THAT(table, testing::ContainsRegex("gathers +0x0 *\n"));
}

TEST(Inspect, POL_16_loops_of_the_process_that_forked_are_not_shown) {
    std::optional<Target> target;
    const auto main = [&]() -> Coro<> {
        auto of_the_parent = create_task(sleeps(), {.name = "of the parent"});
        co_await asyncio::sleep(0s);
        target.emplace(&run_gathering);
        of_the_parent.cancel();
    };
    asyncio::run(main);
    TRY_TO_READ(tasks, *target);
    EXPECT_EQ(tasks.size(), 3U);
    EXPECT_THAT(inspect::task_table(tasks), Not(HasSubstr("of the parent")));
}

void run_cycle(int ready) {
    const auto main = [](int descriptor) -> Coro<> {
        auto a = create_task(sleeps(), {.name = "a"});
        auto b = create_task(sleeps(), {.name = "b"});
        future_add_to_awaited_by(a, b);
        future_add_to_awaited_by(b, a);
        asyncio::get_running_loop().call_later(10ms, [descriptor] { say_ready(descriptor); });
        co_await sleeps();
    };
    asyncio::run(main(ready));
}

TEST(Inspect, INS_9_cycles_are_told_and_make_no_tree) {
    const Target target(&run_cycle);
    TRY_TO_READ(tasks, target);
    const auto tree = inspect::task_tree(tasks);
    EXPECT_TRUE(tree.cyclic);
    EXPECT_EQ(tree.text, "ERROR: await-graph contains cycles - cannot print a tree!\n\ncycle: a → b → a\n");
    EXPECT_EQ(inspect::run({"pstree", std::to_string(target.process())}), 1);
    EXPECT_EQ(inspect::run({"ps", std::to_string(target.process())}), 0);
}

TEST(Inspect, INS_10_no_such_process_is_told) {
    const pid_t gone = ::fork();
    if (gone == 0) ::_exit(0);
    ::waitpid(gone, nullptr, 0);
    EXPECT_THROW(static_cast<void>(inspect::read_tasks(inspect::Memory(gone), 1)), inspect::Failure);
    EXPECT_EQ(inspect::run({"ps", std::to_string(gone)}), 1);
}

TEST(Inspect, INS_10_a_process_without_asyncio_is_told) {
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const pid_t other = ::fork();
    if (other == 0) ::_exit(::execlp("sleep", "sleep", "60", nullptr));
    // Until then it is a copy of this process. The end of the pipe that it has closes when it is another program.
    ::close(ends[1]);
    char byte = 0;
    EXPECT_EQ(::read(ends[0], &byte, 1), 0);
    ::close(ends[0]);
    EXPECT_EQ(inspect::run({"--retries", "ps"}), 2);
    EXPECT_EQ(inspect::run({"ps", "--retries", "1", std::to_string(other)}), 1);
    ::kill(other, SIGKILL);
    ::waitpid(other, nullptr, 0);
}

Coro<> sleeps_and_says_so(std::promise<void>& asleep) {
    asyncio::get_running_loop().call_soon([&asleep] { asleep.set_value(); });  // after this step
    co_await sleeps();
}

void run_two_threads(int ready) {
    std::promise<void> asleep;
    const auto other = [&asleep] { asyncio::run(sleeps_and_says_so(asleep)); };
    std::thread thread(other);
    const auto main = [&asleep](int descriptor) -> Coro<> {
        asyncio::get_running_loop().call_later(10ms, [&asleep, descriptor] {
            asleep.get_future().wait();
            say_ready(descriptor);
        });
        co_await works();
    };
    asyncio::run(main(ready));
}

TEST(Inspect, INS_11_the_loops_of_all_threads_are_shown) {
    const Target target(&run_two_threads);
    TRY_TO_READ(tasks, target);
    ASSERT_EQ(tasks.size(), 2U);
    EXPECT_NE(tasks[0].thread, tasks[1].thread);
}

TEST(Inspect, INS_12_anything_else_prints_the_usage) {
    EXPECT_EQ(inspect::run({}), 2);
    EXPECT_EQ(inspect::run({"repl"}), 2);
    EXPECT_EQ(inspect::run({"ps", "x"}), 2);
    EXPECT_EQ(inspect::run({"--help"}), 0);
}

TEST(Inspect, INS_columns_are_as_wide_as_their_widest_cell) {
    inspect::Task longest;
    longest.id = 1;
    longest.name = std::string(60, 'n');
    inspect::Task waiting;
    waiting.id = 2;
    waiting.name = "b";
    waiting.awaited_by = {1};
    const std::string table = inspect::task_table({longest, waiting});
    const std::size_t width = table.find('\n');
    for (std::size_t begin = 0; begin < table.size(); begin += width + 1)
        EXPECT_EQ(table.find('\n', begin), begin + width);
}

}  // namespace
