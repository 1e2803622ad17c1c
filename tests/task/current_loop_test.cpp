// Which loop tasks, futures and runs use: policy, factory, thread, fork.

#include "support/loops.hpp"
#include "support/trace.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/base/log.hpp>
#include <asyncio/loop/driver/simulated.hpp>
#include <asyncio/testing/captured_log.hpp>

#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using asyncio::Coro;
using asyncio::EventLoop;
using asyncio::RuntimeError;
using support::DriverKind;

Coro<int> give(int value) {
    co_return value;
}
Coro<std::string> driver_name() {
    co_return std::string(asyncio::get_running_loop().driver().name());
}
std::unique_ptr<EventLoop> virtual_loop() {
    return support::make_loop(DriverKind::simulated);
}
template <class F>
bool refused(F f) {
    try {
        f();
        return false;
    } catch (const RuntimeError&) {
        return true;
    }
}
bool has_current_loop() {
    return !refused([] { static_cast<void>(asyncio::get_event_loop()); });
}

/// Starts and ends with the default policy, and no current loop in the first thread.
class CurrentLoop : public ::testing::Test {
protected:
    void SetUp() override {
        asyncio::set_event_loop_policy(nullptr);
        asyncio::set_event_loop(nullptr);
    }
    void TearDown() override { asyncio::set_event_loop_policy(nullptr); }
};

/// A policy of the user's, whose loops run on a driver of the user's.
class SimulatedPolicy final : public asyncio::DefaultEventLoopPolicy {
public:
    std::unique_ptr<EventLoop> new_event_loop() override { return virtual_loop(); }
};

TEST_F(CurrentLoop, RUN_7_the_new_loop_is_current_during_the_run_and_none_is_after_it) {
    EventLoop before;
    asyncio::set_event_loop(&before);
    asyncio::run([&]() -> Coro<> {
        const auto policy = asyncio::get_event_loop_policy();
        EXPECT_EQ(&policy->get_event_loop(), &asyncio::get_running_loop());
        co_return;
    });
    EXPECT_FALSE(has_current_loop());
    before.close();
}

TEST_F(CurrentLoop, RUN_7_a_failed_run_sets_none_too) {
    EXPECT_THROW(asyncio::run([]() -> Coro<> {
                     throw std::out_of_range("x");
                     co_return;
                 }),
                 std::out_of_range);
    EXPECT_FALSE(has_current_loop());
}

TEST_F(CurrentLoop, RUN_7_a_loop_of_a_factory_leaves_the_current_loop_alone) {
    EventLoop mine;
    asyncio::set_event_loop(&mine);
    asyncio::run(
        [&]() -> Coro<> {
            EXPECT_EQ(&asyncio::get_event_loop_policy()->get_event_loop(), &mine);
            co_return;
        },
        {.loop_factory = virtual_loop});
    EXPECT_EQ(&asyncio::get_event_loop(), &mine);
    mine.close();
}

TEST_F(CurrentLoop, RUN_8_the_runner_sets_and_clears_the_current_loop) {
    {
        asyncio::Runner runner;
        EXPECT_FALSE(has_current_loop());  // lazy
        EventLoop& loop = runner.get_loop();
        EXPECT_EQ(&asyncio::get_event_loop(), &loop);
        EXPECT_EQ(runner.run(give(1)), 1);
        EXPECT_EQ(&asyncio::get_event_loop(), &loop);
    }
    EXPECT_FALSE(has_current_loop());
}

TEST_F(CurrentLoop, RUN_6_debug_concerns_this_loop_only) {
    EXPECT_TRUE(
        asyncio::run([]() -> Coro<bool> { co_return asyncio::get_running_loop().get_debug(); }, {.debug = true}));
    EXPECT_FALSE(
        asyncio::run([]() -> Coro<bool> { co_return asyncio::get_running_loop().get_debug(); }, {.debug = false}));
}

TEST_F(CurrentLoop, RUN_13_only_what_is_a_coroutine_can_be_run) {
    static_assert(asyncio::detail::Spawnable<Coro<int>>);
    static_assert(!asyncio::detail::Spawnable<int> && !asyncio::detail::Spawnable<asyncio::Future<int>>);
    // What run() says about anything else: compile_fail.run_of_no_coroutine.
    static_assert(asyncio::detail::TaskSource<Coro<int>> && asyncio::detail::TaskSource<Coro<int> (&)()>);
    static_assert(!asyncio::detail::TaskSource<int> && !asyncio::detail::TaskSource<int (&)()>);
    EXPECT_EQ(asyncio::run(give(7)), 7);
}

TEST_F(CurrentLoop, POL_12_a_factory_goes_before_the_policy) {
    asyncio::set_event_loop_policy(std::make_shared<SimulatedPolicy>());
    EXPECT_EQ(asyncio::run(driver_name()), "simulated");
    EXPECT_EQ(asyncio::run(driver_name(), {.loop_factory = [] { return std::make_unique<EventLoop>(); }}), "epoll");
    asyncio::Runner runner({.loop_factory = [] { return support::make_loop(DriverKind::foreign); }});
    EXPECT_EQ(runner.run(driver_name()), "poll");
}

/// A policy that returns no loop, or throws.
class BrokenPolicy final : public asyncio::AbstractEventLoopPolicy {
public:
    EventLoop& get_event_loop() override { throw RuntimeError("none"); }
    void set_event_loop(EventLoop* loop) override {
        if (loop == nullptr) throw RuntimeError("cannot forget");
    }
    std::unique_ptr<EventLoop> new_event_loop() override { return gives ? virtual_loop() : nullptr; }
    bool gives = false;
};

TEST_F(CurrentLoop, POL_8_a_broken_policy_breaks_nothing_else) {
    auto policy = std::make_shared<BrokenPolicy>();
    asyncio::set_event_loop_policy(policy);
    EXPECT_THROW(asyncio::run(give(1)), std::invalid_argument);
    policy->gives = true;
    asyncio::testing::CapturedLog log;
    EXPECT_EQ(asyncio::run(give(2)), 2);
    EXPECT_TRUE(log.contains("cannot forget"));
    EXPECT_FALSE(log.contains("unclosed"));
}

TEST_F(CurrentLoop, POL_13_a_program_gives_the_same_output_on_every_loop) {
    const auto program = [](support::Trace& trace) -> Coro<> {
        auto waiter = asyncio::get_running_loop().create_future<int>();
        const auto worker = [&](const char* name, int delay) -> Coro<int> {
            trace(name, "+");
            co_await asyncio::sleep(std::chrono::milliseconds(delay));
            trace(name, "-");
            co_return delay;
        };
        waiter.add_done_callback([&](const auto&) { trace("callback"); });
        auto b = asyncio::create_task(worker("b", 0));
        auto both = asyncio::gather(worker("c", 2), worker("d", 0));
        asyncio::get_running_loop().call_soon([&] { waiter.set_result(1); });
        trace("main", co_await waiter, co_await b);
        static_cast<void>(co_await both);
        try {
            co_await asyncio::wait_for(asyncio::sleep(1h), 1ms);
        } catch (const asyncio::TimeoutError&) {
            trace("timeout");
        }
    };
    std::vector<std::string> outputs;
    for (const support::LoopKind kind : support::each_driver) {
        support::Trace trace;
        const auto factory = [&] { return support::make_loop(kind); };
        const auto main = [&] { return program(trace); };
        asyncio::run(main, {.loop_factory = factory});
        outputs.push_back(trace.str());
    }
    EXPECT_EQ(outputs[0], "b+ c+ d+ b- d- callback main10 c- timeout");
    EXPECT_EQ(outputs[1], outputs[0]);
    EXPECT_EQ(outputs[2], outputs[0]);
}

TEST_F(CurrentLoop, POL_14_loops_of_different_kinds_in_different_threads_at_the_same_time) {
    std::vector<std::string> names(2);
    const auto in_thread = [&](DriverKind kind, std::string& name) {
        return std::jthread([&name, kind] {
            const auto factory = [kind] { return support::make_loop(kind); };
            name = asyncio::run(
                []() -> Coro<std::string> {
                    for (int i = 0; i < 20; ++i) co_await asyncio::sleep(1ms);
                    co_return std::string(asyncio::get_running_loop().driver().name());
                },
                {.loop_factory = factory});
        });
    };
    {
        const auto one = in_thread(DriverKind::epoll, names[0]);
        const auto two = in_thread(DriverKind::foreign, names[1]);
        EXPECT_EQ(asyncio::run(driver_name(), {.loop_factory = virtual_loop}), "simulated");
    }
    EXPECT_EQ(names, (std::vector<std::string>{"epoll", "poll"}));
}

TEST_F(CurrentLoop, POL_15_current_task_is_the_threads_own) {
    asyncio::run([]() -> Coro<> {
        std::thread([] {
            EXPECT_THROW(static_cast<void>(asyncio::current_task()), RuntimeError);
            asyncio::run([]() -> Coro<> {
                EXPECT_EQ(asyncio::all_tasks().size(), 1U);
                asyncio::current_task()->set_name("theirs");
                co_return;
            });
        }).join();
        EXPECT_NE(asyncio::current_task()->get_name(), "theirs");
        co_return;
    });
}

TEST_F(CurrentLoop, POL_6_run_works_in_any_thread_and_does_not_touch_another_ones_loop) {
    EventLoop mine;
    asyncio::set_event_loop(&mine);
    std::thread([] { EXPECT_EQ(asyncio::run(give(3)), 3); }).join();
    EXPECT_EQ(&asyncio::get_event_loop(), &mine);
    mine.close();
}

TEST_F(CurrentLoop, POL_17_which_functions_take_a_loop) {
    EventLoop loop;
    const auto task = asyncio::ensure_future(give(1), {.loop = &loop});
    EXPECT_EQ(asyncio::all_tasks(loop).size(), 1U);
    EXPECT_FALSE(asyncio::current_task(loop));
    EXPECT_EQ(&asyncio::Future<int>(loop).get_loop(), &loop);
    static_assert(!std::is_invocable_v<decltype([](auto... a) -> decltype(asyncio::sleep(a...)) {}),
                                       std::chrono::seconds, int, EventLoop*>);
    loop.run_until_complete(task);
    loop.close();
}

// --- convenience functions without a running loop ---

TEST_F(CurrentLoop, AWT_5_without_any_loop_they_throw_and_close_the_coroutine) {
    const asyncio::testing::CapturedLog log;
    EXPECT_TRUE(refused([] { static_cast<void>(asyncio::gather(give(1), give(2))); }));
    EXPECT_TRUE(refused([] { static_cast<void>(asyncio::gather()); }));
    EXPECT_TRUE(refused([] { static_cast<void>(asyncio::shield(give(1))); }));
    EXPECT_TRUE(refused([] { static_cast<void>(asyncio::Future<int>()); }));
    auto coroutine = give(1);
    EXPECT_TRUE(refused([&] { static_cast<void>(asyncio::ensure_future(coroutine)); }));
    EXPECT_EQ(coroutine.release(), nullptr);  // closed, not merely dropped
}

TEST_F(CurrentLoop, AWT_5_gather_ensure_future_shield_and_future_use_the_current_loop) {
    const auto loop = virtual_loop();
    asyncio::set_event_loop(loop.get());
    const auto all = asyncio::gather(give(1), give(2));
    const auto empty = asyncio::gather();
    const auto one = asyncio::ensure_future(give(3));
    const auto shielded = asyncio::shield(give(4));
    const asyncio::Future<int> future;
    for (const asyncio::AnyFuture& any : std::vector<asyncio::AnyFuture>{all, empty, one, shielded, future})
        EXPECT_EQ(&any.get_loop(), loop.get());
    EXPECT_EQ(std::get<1>(loop->run_until_complete(all)), 2);
    EXPECT_EQ(loop->run_until_complete(one), 3);
    EXPECT_EQ(loop->run_until_complete(shielded), 4);
    loop->close();
}

TEST_F(CurrentLoop, AWT_5_create_task_sleep_wait_and_timeout_need_a_running_one) {
    const auto loop = virtual_loop();
    asyncio::set_event_loop(loop.get());
    EXPECT_TRUE(refused([] { static_cast<void>(asyncio::create_task(give(1))); }));
    EXPECT_TRUE(refused([] { static_cast<void>(asyncio::current_task()); }));
    EXPECT_TRUE(refused([] { asyncio::timeout(1s).aenter(); }));
    EXPECT_TRUE(asyncio::all_tasks(*loop).empty());
    loop->close();
}

TEST_F(CurrentLoop, AWT_5_in_the_first_thread_one_is_made) {
    asyncio::set_event_loop_policy(nullptr);  // never set there
    const auto task = asyncio::ensure_future(give(5));
    EXPECT_EQ(asyncio::get_event_loop().run_until_complete(task), 5);
    asyncio::get_event_loop().close();
}

TEST_F(CurrentLoop, LOOP_21_create_future_is_pending_and_of_the_loop) {
    const auto loop = virtual_loop();
    auto future = loop->create_future<std::unique_ptr<int>>();
    EXPECT_FALSE(future.done());
    EXPECT_EQ(&future.get_loop(), loop.get());
    loop->call_soon([&] { future.set_result(std::make_unique<int>(4)); });
    EXPECT_EQ(*loop->run_until_complete(future), 4);
    loop->close();
}

// --- fork ---

/// What `child` returns in a forked process that runs it inside a callback of `loop` is its exit status.
template <class F>
int in_forked_callback(EventLoop& loop, F child) {
    pid_t pid = -1;
    loop.call_soon([&] {
        pid = ::fork();
        if (pid == 0) ::_exit(child());
    });
    loop.stop();
    loop.run_forever();
    int status = -1;
    EXPECT_EQ(::waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_F(CurrentLoop, POL_16_a_forked_child_has_no_running_loop_and_may_run_a_new_one) {
    EventLoop loop;
    asyncio::set_event_loop(&loop);
    EXPECT_EQ(
        in_forked_callback(loop,
                           [&] {
                               if (!refused([] { static_cast<void>(asyncio::get_running_loop()); })) return 1;
                               if (!refused([&] { loop.run_forever(); })) return 2;
                               if (asyncio::run([]() -> Coro<int> { co_return co_await asyncio::sleep(1ms, 7); }) != 7)
                                   return 3;
                               if (has_current_loop()) return 4;
                               return 0;
                           }),
        0);
    EXPECT_EQ(&asyncio::get_event_loop(), &loop);
    loop.close();
}

Coro<> nothing() {
    co_return;
}
/// So many that threads hand free memory to each other.
void make_and_drop_coroutines() {
    std::vector<Coro<>> many;
    for (int i = 0; i < 2000; ++i) many.push_back(nothing());
}

/// Waits for a child, which must exit with 0; whether it did.
bool ended_well(pid_t pid) {
    int status = -1;
    EXPECT_EQ(::waitpid(pid, &status, 0), pid);
    EXPECT_EQ(status, 0);
    return status == 0;
}

/// Forks so many times beside a thread that does `busy` all the time; `child` says whether all is well there.
template <class Busy, class Child>
void fork_beside(Busy busy, int times, Child child) {
    std::atomic<bool> enough = false;
    std::thread other([&] {
        while (!enough) busy();
    });
    for (int i = 0; i < times; ++i) {
        const pid_t pid = ::fork();
        if (pid == 0) {
            ::alarm(20);  // in place of a hang
            ::_exit(child() ? 0 : 1);
        }
        if (!ended_well(pid)) break;
    }
    enough = true;
    other.join();
}

TEST_F(CurrentLoop, POL_16_also_when_another_thread_was_busy_with_coroutines) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "the sanitizer's own allocator holds locks in such a child, and takes the place of the frame pool";
#endif
    const auto busy = [](const char* message) {
        make_and_drop_coroutines();
        asyncio::detail::log(asyncio::LogLevel::debug, message);
    };
    fork_beside([&] { busy("once more"); }, 20,
                [&] {
                    busy("forked");
                    return asyncio::run([]() -> Coro<int> { co_return co_await asyncio::sleep(1ms, 7); }) == 7;
                });
}

TEST_F(CurrentLoop, POL_16_also_when_another_thread_asked_for_the_policy) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "the sanitizer's own allocator holds locks in such a child";
#endif
    fork_beside(
        [] {
            asyncio::set_event_loop_policy(nullptr);
            static_cast<void>(asyncio::get_event_loop_policy());
        },
        200, [] { return asyncio::get_event_loop_policy() != nullptr; });
}

TEST_F(CurrentLoop, POL_16_Threadsafe_also_when_another_thread_was_posting_to_the_loop) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "the sanitizer's own allocator holds locks in such a child, and takes the place of passing memory";
#endif
    EventLoop loop;
    std::atomic<bool> enough = false;
    std::atomic<int> posted = 0;
    std::thread other([&] {
        while (!enough) {
            loop.call_soon_threadsafe([&] { ++posted; });
            std::this_thread::yield();  // so that the loop sleeps now and then, and is woken
        }
    });
    for (int i = 0; i < 50; ++i) {
        pid_t pid = -1;
        loop.call_soon([&] {
            pid = ::fork();
            if (pid == 0) ::alarm(20);  // in place of a hang
            loop.stop();
        });
        try {
            loop.run_forever();
        } catch (const asyncio::RuntimeError&) {
            if (pid != 0) throw;
            // The child: the loop takes calls and closes, and memory for calls is there for a new one.
            loop.call_soon_threadsafe([] {});
            loop.close();
            const int result = asyncio::run([]() -> Coro<int> {
                asyncio::Future<int> future;
                asyncio::get_running_loop().call_soon_threadsafe([future]() mutable { future.set_result(7); });
                co_return co_await future;
            });
            ::_exit(result == 7 ? 0 : 1);
        }
        if (pid == 0) ::_exit(2);
        if (!ended_well(pid)) break;
    }
    enough = true;
    other.join();
    loop.close();
}

/// How many loops another process would be shown in this one.
int listed_loops() {
    int count = 0;
    const auto* place = asyncio::detail::debug_layout.places.load(asyncio::detail::memory_acquire);
    for (; place != nullptr; place = place->next)
        count += place->loop.load(asyncio::detail::memory_acquire) != nullptr ? 1 : 0;
    return count;
}

TEST_F(CurrentLoop, POL_16_a_forked_child_sees_no_loops_and_no_tasks_of_the_parent) {
    const int listed_before = listed_loops();
    auto destroyed_in_child = std::make_unique<EventLoop>();
    EventLoop loop;
    asyncio::Lock lock;
    const auto blocks_itself = [&]() -> Coro<> {
        co_await lock.acquire();
        co_await lock.acquire();
    };
    auto blocked = loop.create_task(blocks_itself());
    const auto child = [&] {
        if (listed_loops() != 0) return 1;
        if (!refused([] { static_cast<void>(asyncio::all_tasks()); })) return 2;
        if (!refused([] { static_cast<void>(asyncio::current_task()); })) return 3;
        if (!asyncio::all_tasks(loop).empty() || asyncio::current_task(loop)) return 4;
        if (!refused([] { static_cast<void>(asyncio::find_deadlocks()); })) return 5;
        if (!asyncio::find_deadlocks(loop).empty()) return 6;
        const auto own = [&]() -> Coro<int> {
            destroyed_in_child->close();
            destroyed_in_child.reset();  // its place in the list may be another's by now
            if (listed_loops() != 1 || asyncio::all_tasks().size() != 1) co_return 7;
            co_return asyncio::find_deadlocks().empty() ? 0 : 8;
        };
        return asyncio::run(own);
    };
    auto forks = loop.create_task([&]() -> Coro<int> {
        co_await asyncio::sleep(0s);
        const pid_t pid = ::fork();
        if (pid == 0) ::_exit(child());
        int status = -1;
        ::waitpid(pid, &status, 0);
        co_return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    });
    EXPECT_EQ(loop.run_until_complete(forks), 0);
    EXPECT_EQ(asyncio::all_tasks(loop).size(), 1U);
    EXPECT_EQ(asyncio::find_deadlocks(loop).size(), 1U);
    EXPECT_EQ(listed_loops(), listed_before + 2);
    blocked.cancel();
    EXPECT_THROW(loop.run_until_complete(blocked), asyncio::CancelledError);
    destroyed_in_child->close();
    loop.close();
}

TEST_F(CurrentLoop, POL_16_a_child_of_the_policys_own_loop_gets_a_new_one) {
    asyncio::set_event_loop_policy(nullptr);
    EventLoop& loop = asyncio::get_event_loop();
    const pid_t parent = ::getpid();
    pid_t pid = -1;
    int in_child = 0;
    loop.call_soon([&] {
        pid = ::fork();
        loop.stop();
        if (pid != 0) return;
        EventLoop& own = asyncio::get_event_loop();
        in_child = &own != &loop && own.run_until_complete(give(7)) == 7 ? 5 : 6;
    });
    try {
        loop.run_forever();  // in the child, too, whose parent's loop is still there
    } catch (const RuntimeError&) {
        if (::getpid() == parent) throw;
        ::_exit(in_child);
    }
    if (::getpid() != parent) ::_exit(100);
    int status = -1;
    ASSERT_EQ(::waitpid(pid, &status, 0), pid);
    EXPECT_EQ(WEXITSTATUS(status), 5);
    loop.close();
}

TEST_F(CurrentLoop, POL_16_interrupts_of_the_child_are_its_own) {
    const auto status_of = [](auto child) {
        const pid_t pid = ::fork();
        if (pid == 0) ::_exit(child());
        int status = -1;
        EXPECT_EQ(::waitpid(pid, &status, 0), pid);
        return status;
    };
    const auto main = [&]() -> Coro<> {
        const int by_default = status_of([] {
            std::raise(SIGINT);
            return 1;
        });
        EXPECT_TRUE(WIFSIGNALED(by_default));
        EXPECT_EQ(WTERMSIG(by_default), SIGINT);
        const int in_a_run = status_of([] {
            try {
                asyncio::run([]() -> Coro<> {
                    std::raise(SIGINT);
                    co_await asyncio::sleep(1h);
                });
            } catch (const asyncio::KeyboardInterrupt&) {
                return 3;
            }
            return 1;
        });
        EXPECT_EQ(WEXITSTATUS(in_a_run), 3);
        std::raise(SIGINT);
        co_await asyncio::sleep(1h);
    };
    EXPECT_THROW(asyncio::run(main), asyncio::KeyboardInterrupt) << "the parent's are untouched";
}

TEST_F(CurrentLoop, POL_16_the_rest_of_the_iteration_does_not_run_in_the_child) {
    EventLoop loop;
    const pid_t parent = ::getpid();
    pid_t pid = -1;
    int ran = 0;
    loop.call_soon([&] { pid = ::fork(); });
    loop.call_soon([&] {
        ++ran;
        loop.stop();
    });
    try {
        loop.run_forever();
    } catch (const RuntimeError&) {
        if (::getpid() == parent) throw;
        ::_exit(ran);
    }
    if (::getpid() != parent) ::_exit(100);
    int status = -1;
    ASSERT_EQ(::waitpid(pid, &status, 0), pid);
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0);
    EXPECT_EQ(ran, 1);
    loop.close();
}

TEST_F(CurrentLoop, POL_16_the_inherited_loop_leaves_the_parents_descriptors_alone) {
    EventLoop loop;
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    int read = 0;
    loop.add_reader(ends[0], [&] {
        char byte;
        if (::read(ends[0], &byte, 1) == 1) ++read;
    });
    EXPECT_EQ(in_forked_callback(loop,
                                 [&] {
                                     loop.call_soon_threadsafe([] {});
                                     loop.remove_reader(ends[0]);
                                     return 0;
                                 }),
              0);
    // The child's next step would have been to wait: it must not get there.
    const pid_t parent = ::getpid();
    pid_t pid = -1;
    loop.call_soon([&] { pid = ::fork(); });
    loop.call_later(5ms, [&] { loop.stop(); });
    try {
        loop.run_forever();
    } catch (const RuntimeError&) {
        if (::getpid() == parent) throw;
        loop.close();
        ::_exit(9);
    }
    if (::getpid() != parent) ::_exit(1);
    int status = 0;
    EXPECT_EQ(::waitpid(pid, &status, 0), pid);
    EXPECT_EQ(WEXITSTATUS(status), 9);
    // The parent's loop hears of its pipe still.
    ASSERT_EQ(::write(ends[1], "x", 1), 1);
    loop.call_later(1ms, [&] { loop.stop(); });
    loop.run_forever();
    EXPECT_EQ(read, 1);
    loop.close();
    ::close(ends[0]);
    ::close(ends[1]);
}

}  // namespace
