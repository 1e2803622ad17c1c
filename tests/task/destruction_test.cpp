// LOOP-11: a loop that is closed, or destroyed, with tasks suspended in every kind of wait. All frames are destroyed,
// innermost first, their destructors run, nothing leaks (LeakSanitizer looks on) and nobody reports to a dead loop.

#include "support/lives.hpp"
#include "support/loops.hpp"
#include "support/trace.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/task/run_until_complete.hpp>
#include <asyncio/testing/captured_log.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <coroutine>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

namespace {

using asyncio::Coro;
using asyncio::testing::CapturedLog;
using support::Lives;
using support::Trace;
using namespace std::chrono_literals;

class Destruction : public support::OnEachDriver {
protected:
    Lives lives;
    Trace trace;
    CapturedLog log;

    [[nodiscard]] int reports() const {
        int count = 0;
        for (const auto& line : log.lines())
            count += line.text.find("was destroyed but it is pending") != line.text.npos;
        return count;
    }
};
ASYNCIO_ON_EACH_DRIVER_AND_EAGER(Destruction);

/// Says when it is destroyed.
class Announce {
public:
    Announce(Trace& trace, std::string name) : trace_(trace), name_(std::move(name)) {}
    Announce(const Announce&) = delete;
    Announce& operator=(const Announce&) = delete;
    ~Announce() { trace_("~", name_); }

private:
    Trace& trace_;
    std::string name_;
};

/// Runs something when it is destroyed.
class OnExit {
public:
    explicit OnExit(std::function<void()> action) : action_(std::move(action)) {}
    OnExit(const OnExit&) = delete;
    OnExit& operator=(const OnExit&) = delete;
    ~OnExit() { action_(); }

private:
    std::function<void()> action_;
};

TEST_P(Destruction, LOOP_11_task_before_its_first_step) {
    auto task = loop.create_task([life = lives.one()]() -> Coro<> { co_return; });
    loop.close();
    EXPECT_EQ(lives.now(), 0);
    EXPECT_FALSE(task.done());
    EXPECT_EQ(reports(), 1);
}

TEST_P(Destruction, LOOP_11_task_that_sleeps) {
    auto task = loop.create_task([life = lives.one()]() -> Coro<> {
        const auto local = life;
        co_await asyncio::sleep(1h);
    });
    run_once();
    EXPECT_EQ(lives.now(), 2);
    loop.close();
    EXPECT_EQ(lives.now(), 0);
    EXPECT_FALSE(task.done());
    EXPECT_EQ(reports(), 1);
}

TEST_P(Destruction, LOOP_11_task_that_gave_way) {
    auto task = loop.create_task([life = lives.one()]() -> Coro<> {
        co_await asyncio::sleep(0ms);
        co_await asyncio::sleep(0ms);
    });
    run_once();
    loop.close();
    EXPECT_EQ(lives.now(), 0);
    EXPECT_FALSE(task.done());
}

TEST_P(Destruction, LOOP_11_task_whose_timer_is_due) {
    auto task = loop.create_task([life = lives.one()]() -> Coro<> { co_await asyncio::sleep(1ms); });
    // Interrupts between the timer and the step that it queues.
    run_once();
    loop.call_later(1ms, [] { throw asyncio::SystemExit(3); });
    if (!simulated()) std::this_thread::sleep_for(1ms);  // both are due in the same iteration
    EXPECT_THROW(loop.run_forever(), asyncio::SystemExit);
    loop.close();
    EXPECT_EQ(lives.now(), 0);
    EXPECT_FALSE(task.done());
}

TEST_P(Destruction, LOOP_11_task_that_waits_for_a_future) {
    auto future = loop.create_future<int>();
    auto task = loop.create_task([&, life = lives.one()]() -> Coro<> { co_await future; });
    run_once();
    loop.close();
    EXPECT_EQ(lives.now(), 0);
    EXPECT_FALSE(task.done());
    future.set_result(1);  // LOOP-10: nobody waits any more
    EXPECT_EQ(future.result(), 1);
}

TEST_P(Destruction, LOOP_11_future_that_only_its_waiter_holds) {
    auto task = loop.create_task(
        [life = lives.one()]() -> Coro<> { co_await asyncio::get_running_loop().create_future<Lives::One>(); });
    run_once();
    loop.close();
    EXPECT_EQ(lives.now(), 0);
}

TEST_P(Destruction, LOOP_11_task_whose_future_is_done_but_that_was_not_resumed) {
    auto future = loop.create_future<std::string>();
    auto task = loop.create_task([&, life = lives.one()]() -> Coro<> { co_await future; });
    run_once();
    future.set_result("late");
    loop.close();
    EXPECT_EQ(lives.now(), 0);
    EXPECT_EQ(future.result(), "late");
    EXPECT_FALSE(task.done());
}

TEST_P(Destruction, LOOP_11_tasks_that_wait_for_each_other) {
    auto inner = loop.create_task([life = lives.one()]() -> Coro<> { co_await asyncio::sleep(1h); });
    auto middle = loop.create_task([inner, life = lives.one()]() -> Coro<> { co_await inner; });
    auto outer = loop.create_task([middle, life = lives.one()]() -> Coro<> { co_await middle; });
    run_once();
    loop.close();
    EXPECT_EQ(lives.now(), 0);
    EXPECT_EQ(reports(), 3);
    EXPECT_FALSE(inner.done() || middle.done() || outer.done());
}

TEST_P(Destruction, LOOP_11_task_that_was_cancelled_but_not_resumed) {
    auto sleeping = loop.create_task([life = lives.one()]() -> Coro<> { co_await asyncio::sleep(1h); });
    auto fresh = loop.create_task([life = lives.one()]() -> Coro<> { co_return; });
    loop.call_soon([&] {
        EXPECT_TRUE(sleeping.cancel("a"));
        throw asyncio::KeyboardInterrupt();
    });
    EXPECT_THROW(loop.run_forever(), asyncio::KeyboardInterrupt);
    auto never_started = loop.create_task([life = lives.one()]() -> Coro<> { co_return; });
    never_started.cancel();
    loop.close();
    EXPECT_EQ(lives.now(), 0);
    EXPECT_FALSE(sleeping.done());
    EXPECT_FALSE(never_started.done());
}

TEST_P(Destruction, LOOP_11_frames_go_innermost_first_and_newest_task_first) {
    struct Nest {
        static Coro<> leaf(Trace& trace) {
            const Announce here(trace, "leaf");
            co_await asyncio::sleep(1h);
        }
        static Coro<> middle(Trace& trace) {
            const Announce outer_local(trace, "middle1");
            const Announce inner_local(trace, "middle2");
            co_await leaf(trace);
        }
        static Coro<> root(Trace& trace) {
            const Announce here(trace, "root");
            co_await middle(trace);
        }
        static Coro<> other(Trace& trace) {
            const Announce here(trace, "newer");
            co_await asyncio::sleep(1h);
        }
    };
    static_cast<void>(loop.create_task(Nest::root(trace)));
    static_cast<void>(loop.create_task(Nest::other(trace)));
    run_once();
    loop.close();
    EXPECT_EQ(trace.str(), "~newer ~leaf ~middle2 ~middle1 ~root");
}

TEST_P(Destruction, LOOP_11_temporaries_of_the_suspended_expression_are_destroyed_once) {
    struct Parts {
        static Coro<int> take(Lives::One, const Lives::One&, Lives::One) {
            co_await asyncio::sleep(1h);
            co_return 1;
        }
    };
    static_cast<void>(loop.create_task([&]() -> Coro<> {
        const int sum = co_await Parts::take(lives.one(), lives.one(), lives.one()) +
                        co_await Parts::take(lives.one(), lives.one(), lives.one());
        EXPECT_EQ(sum, 2);
    }));
    run_once();
    EXPECT_GE(lives.now(), 3);
    loop.close();
    EXPECT_EQ(lives.now(), 0);
}

/// Counts as alive, and is entered and left without an await.
class Plain {
public:
    Plain(Trace& trace, Lives::One life) : trace_(trace), life_(life) {}
    void aenter() { trace_("enter"); }
    void aexit(const std::exception_ptr&) { trace_("exit"); }
    [[nodiscard]] Lives::One life() const { return life_; }

private:
    Trace& trace_;
    Lives::One life_;
};

/// Suspends for ever what awaits it, although it has promised not to.
struct NeverResumed {
    using asyncio_awaiter = void;
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<>) const noexcept {}
    void await_resume() const noexcept {}
};

/// Awaits `body` in a wait_for in an async_with, with something alive on every level.
template <class Body>
Coro<> await_in_both(Trace& trace, Lives& lives, Body body, std::chrono::milliseconds limit) {
    const auto outer = lives.one();
    co_await asyncio::async_with(Plain(trace, lives.one()), [&](Plain& manager) -> Coro<> {
        const auto inner = manager.life();
        co_await asyncio::wait_for(body(), limit);
    });
}

TEST_P(Destruction, LOOP_11_in_the_body_of_async_with_in_a_wait_for) {
    const auto body = [&]() -> Coro<> {
        const auto life = lives.one();
        co_await asyncio::sleep(1h);
    };
    auto task = loop.create_task(await_in_both(trace, lives, body, 2h));
    auto limited = loop.create_task(asyncio::wait_for(body, 2h));
    run_once();
    EXPECT_GT(lives.now(), 4);
    loop.close();
    EXPECT_EQ(lives.now(), 0);
    EXPECT_EQ(trace.str(), "enter") << "destroyed, not left: the body has not ended";
    EXPECT_FALSE(task.done() || limited.done());
    EXPECT_EQ(reports(), 2);
}

TEST_P(Destruction, LOOP_11_in_a_wait_for_whose_time_is_over) {
    const auto body = [life = lives.one()]() -> Coro<> { co_await asyncio::sleep(1h); };
    const auto refuses = [&]() -> Coro<int> {
        try {
            co_await asyncio::sleep(1h);
        } catch (const asyncio::CancelledError&) {
        }
        co_await asyncio::sleep(1h);
        co_return 1;
    };
    auto refusing = loop.create_task(refuses());
    auto unstarted = loop.create_task([&, local = lives.one()]() -> Coro<> { co_await asyncio::wait_for(body(), 0s); });
    run_once();
    auto cancelling =
        loop.create_task([&, local = lives.one()]() -> Coro<> { co_await asyncio::wait_for(refusing, 0s); });
    auto expiring = loop.create_task(await_in_both(trace, lives, refuses, 1ms));
    loop.call_later(3ms, [&] { loop.stop(); });
    loop.run_forever();
    EXPECT_FALSE(refusing.done() || cancelling.done() || expiring.done());
    loop.close();
    EXPECT_EQ(lives.now(), 1) << "the closure of this test";
}

TEST_P(Destruction, outermost_frame_first_in_the_body_of_async_with_in_a_wait_for) {
    const auto body = [&]() -> Coro<> {
        const auto life = lives.one();
        co_await NeverResumed();
    };
    auto task = loop.create_task(await_in_both(trace, lives, body, 1ms));
    run_once();
    EXPECT_EQ(lives.now(), 0);
    EXPECT_EQ(trace.str(), "enter");
    EXPECT_THROW(task.result(), asyncio::RuntimeError) << "got bad yield";
    // The loop goes on, and the time of the wait_for passes.
    loop.call_later(2ms, [&] { loop.stop(); });
    loop.run_forever();
    EXPECT_FALSE(task.cancelled());
}

TEST_P(Destruction, LOOP_11_in_a_wait_for_inside_of_an_async_generator) {
    const auto items = [](Lives& alive) -> asyncio::AsyncGenerator<int> {
        const auto life = alive.one();
        const auto one = [&]() -> Coro<int> { co_return co_await asyncio::sleep(1h, 1); };
        co_yield co_await asyncio::wait_for(one(), 2h);
    };
    auto task = loop.create_task([&]() -> Coro<> {
        auto generator = items(lives);
        co_await asyncio::wait_for(generator.next(), 2h);
    });
    run_once();
    EXPECT_EQ(lives.now(), 1);
    loop.close();
    EXPECT_EQ(lives.now(), 0);
    EXPECT_FALSE(task.done());
}

TEST_P(Destruction, LOOP_8_queued_callbacks_timers_and_done_callbacks_are_released_unrun) {
    auto done = loop.create_future<void>();
    done.set_result();
    auto pending = loop.create_future<void>();
    loop.call_soon([&, life = lives.one()] { trace("soon"); });
    loop.call_later(1h, [&, life = lives.one()] { trace("later"); });
    loop.call_soon_threadsafe([&, life = lives.one()] { trace("posted"); });
    done.add_done_callback([&, life = lives.one()](const auto&) { trace("done"); });
    {
        auto forgotten = loop.create_future<void>();
        forgotten.add_done_callback([&, life = lives.one()](const auto&) { trace("forgotten"); });
    }
    EXPECT_EQ(lives.now(), 4) << "the future that nobody holds took its callback with it";
    pending.add_done_callback([&, life = lives.one()](const auto&) { trace("pending"); });
    loop.close();
    EXPECT_EQ(lives.now(), 1) << "only the pending future keeps its callback";
    EXPECT_THROW(pending.set_result(), asyncio::RuntimeError);
    EXPECT_TRUE(pending.done());
    EXPECT_EQ(lives.now(), 0);
    EXPECT_EQ(trace.str(), "");
}

TEST_P(Destruction, LOOP_11_destructors_may_cancel_other_tasks) {
    std::vector<asyncio::Task<void>> tasks;
    for (int i = 0; i < 4; ++i) {
        tasks.push_back(loop.create_task([&, i, life = lives.one()]() -> Coro<> {
            const OnExit cancel_all([&, i] {
                trace(i);
                for (auto& task : tasks) task.cancel("from a destructor");
            });
            co_await asyncio::sleep(1h);
        }));
    }
    run_once();
    loop.close();
    EXPECT_EQ(trace.str(), "3 2 1 0");
    EXPECT_EQ(lives.now(), 0);
    EXPECT_EQ(reports(), 4);
    for (auto& task : tasks) EXPECT_FALSE(task.done());
}

TEST_P(Destruction, LOOP_11_destructors_may_cancel_tasks_that_the_loop_alone_holds) {
    // A queue of the closed loop must not keep a pointer to a task that is already freed.
    std::vector<asyncio::detail::TaskCore*> cores;
    for (int i = 0; i < 4; ++i) {
        auto task = loop.create_task([&, life = lives.one()]() -> Coro<> {
            const auto self = asyncio::current_task().value().core().loop().current_task;
            const OnExit cancel_self_and_older([&, self] {
                for (auto* core : cores) {
                    core->cancel({});
                    if (core == self) break;
                }
            });
            co_await asyncio::sleep(1h);
        });
        cores.push_back(&task.task_core());
    }
    run_once();
    loop.close();
    EXPECT_EQ(lives.now(), 0);
    EXPECT_EQ(reports(), 4);
}

TEST_P(Destruction, LOOP_11_destructors_may_complete_futures_that_others_wait_for) {
    auto gate = loop.create_future<void>();
    auto waiting = loop.create_task([&, life = lives.one()]() -> Coro<> { co_await gate; });
    static_cast<void>(loop.create_task([&, life = lives.one()]() -> Coro<> {
        const OnExit open([&] {
            EXPECT_THROW(gate.set_result(), asyncio::RuntimeError);
            trace("opened");
        });
        co_await asyncio::sleep(1h);
    }));
    run_once();
    loop.close();
    EXPECT_EQ(trace.str(), "opened");
    EXPECT_EQ(lives.now(), 0);
    EXPECT_FALSE(waiting.done());
    EXPECT_TRUE(gate.done());
}

TEST_P(Destruction, LOOP_9_destructors_that_queue_work_get_an_exception) {
    loop.call_soon([&, on_exit = std::make_shared<OnExit>([&] {
                           EXPECT_THROW(loop.call_soon([] {}), asyncio::RuntimeError);
                           EXPECT_THROW(loop.call_later(1s, [] {}), asyncio::RuntimeError);
                           EXPECT_THROW(loop.call_soon_threadsafe([] {}), asyncio::RuntimeError);
                           EXPECT_THROW(static_cast<void>(loop.create_task([]() -> Coro<> { co_return; })),
                                        asyncio::RuntimeError);
                           trace("refused");
                       })] {});
    loop.close();
    EXPECT_EQ(trace.str(), "refused");
}

TEST_P(Destruction, LOOP_11_handles_cancelled_by_destructors_during_close) {
    asyncio::Handle soon = loop.call_soon([&, life = lives.one()] {});
    asyncio::TimerHandle later = loop.call_later(1h, [&, life = lives.one()] {});
    static_cast<void>(loop.create_task([&]() -> Coro<> {
        const OnExit cancel([&] {
            soon.cancel();
            later.cancel();
            trace("cancelled");
        });
        co_await asyncio::sleep(1h);
    }));
    loop.call_soon([&, on_exit = std::make_shared<OnExit>([&] {
                           soon.cancel();
                           later.cancel();
                       })] {});
    loop.close();
    EXPECT_EQ(lives.now(), 0);
    EXPECT_TRUE(soon.cancelled() && later.cancelled());
}

TEST_P(Destruction, LOOP_11_done_tasks_are_not_touched) {
    auto done = loop.create_task([]() -> Coro<std::string> { co_return std::string(100, 'x'); });
    run_once();
    ASSERT_TRUE(done.done());
    loop.close();
    EXPECT_EQ(done.result(), std::string(100, 'x'));
    EXPECT_EQ(reports(), 0);
}

TEST_P(Destruction, LOOP_12_an_unclosed_loop_is_closed_with_a_warning) {
    {
        auto forgotten = support::make_loop(GetParam());
        static_cast<void>(forgotten->create_task([life = lives.one()]() -> Coro<> { co_await asyncio::sleep(1h); }));
        forgotten->stop();
        forgotten->run_forever();
    }
    EXPECT_EQ(lives.now(), 0);
    EXPECT_TRUE(log.contains("unclosed event loop")) << log.text();
    EXPECT_EQ(reports(), 1);
}

TEST_P(Destruction, LOOP_9_futures_and_handles_outlive_the_loop) {
    std::optional<asyncio::Future<std::string>> pending;
    std::optional<asyncio::Future<std::string>> done;
    std::optional<asyncio::Task<int>> task;
    asyncio::Handle handle;
    asyncio::TimerHandle timer;
    {
        auto temporary = support::make_loop(GetParam());
        pending = temporary->create_future<std::string>();
        done = temporary->create_future<std::string>();
        done->set_result("kept");
        task = temporary->create_task([]() -> Coro<int> {
            co_await asyncio::sleep(1h);
            co_return 1;
        });
        handle = temporary->call_soon([life = lives.one()] {});
        timer = temporary->call_later(1h, [life = lives.one()] {});
        temporary->close();
    }
    EXPECT_EQ(lives.now(), 0);
    EXPECT_EQ(done->result(), "kept");
    EXPECT_FALSE(pending->done());
    EXPECT_THROW(static_cast<void>(pending->get_loop()), asyncio::RuntimeError);
    pending->set_result("still works");
    EXPECT_EQ(pending->result(), "still works");
    EXPECT_FALSE(task->done());
    EXPECT_TRUE(task->cancel());
    handle.cancel();
    timer.cancel();
    EXPECT_TRUE(timer.cancelled());
    EXPECT_FALSE(task->repr().empty());
}

TEST_P(Destruction, FUT_16_an_exception_dropped_after_close_goes_to_the_log) {
    int handled = 0;
    loop.set_exception_handler([&](auto&, const auto&) { ++handled; });
    auto future = std::make_optional(loop.create_future<int>());
    future->set_exception(std::runtime_error("nobody took me"));
    loop.close();
    future.reset();
    EXPECT_EQ(handled, 0);
    EXPECT_TRUE(log.contains("Future exception was never retrieved")) << log.text();
    EXPECT_TRUE(log.contains("nobody took me"));
}

TEST_P(Destruction, LOOP_26_a_handler_that_holds_a_future_does_not_keep_the_loop) {
    auto temporary = support::make_loop(GetParam());
    auto future = temporary->create_future<Lives::One>();
    future.set_result(lives.one());
    temporary->set_exception_handler([future](auto&, const auto&) {});
    {
        const auto gone = std::move(future);
    }
    EXPECT_EQ(lives.now(), 1);
    temporary->close();
    temporary.reset();
    EXPECT_EQ(lives.now(), 0);
}

TEST_P(Destruction, TASK_30_dropping_the_task_handle_stops_nothing) {
    static_cast<void>(loop.create_task([&]() -> Coro<> {
        co_await asyncio::sleep(1ms);
        trace("ran");
        loop.stop();
    }));
    loop.run_forever();
    EXPECT_EQ(trace.str(), "ran");
}

TEST_P(Destruction, the_frame_of_a_finished_task_goes_before_its_callbacks_run) {
    auto task = loop.create_task([&]() -> Coro<> {
        const Announce here(trace, "frame");
        co_return;
    });
    task.add_done_callback([&](const auto&) { trace("callback"); });
    run_once();
    run_once();
    EXPECT_EQ(trace.str(), "~frame callback");
}

TEST_P(Destruction, a_frame_destructor_may_use_the_running_loop) {
    run([&]() -> Coro<> {
        auto task = asyncio::create_task([&]() -> Coro<> {
            const OnExit queue([&] { loop.call_soon([&] { trace("queued"); }); });
            co_return;
        });
        co_await task;
        co_await asyncio::sleep(0ms);
    });
    EXPECT_EQ(trace.str(), "queued");
}

}  // namespace
