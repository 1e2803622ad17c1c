#include <asyncio/task/runner.hpp>

#include "support/loops.hpp"
#include "support/reports.hpp"
#include "support/trace.hpp"

#include <asyncio/base/log.hpp>
#include <asyncio/executor/run_in_executor.hpp>
#include <asyncio/loop/driver/simulated.hpp>
#include <asyncio/task/run.hpp>
#include <asyncio/task/sleep.hpp>

#include <gtest/gtest.h>

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using asyncio::CancelledError;
using asyncio::Coro;
using asyncio::KeyboardInterrupt;
using asyncio::Runner;
using asyncio::sleep;

std::unique_ptr<asyncio::EventLoop> virtual_loop() {
    return support::make_loop(support::DriverKind::simulated);
}

/// What the library logged.
class Log {
public:
    Log() {
        previous_ =
            asyncio::set_log_sink([this](asyncio::LogLevel, std::string_view message) { lines.emplace_back(message); });
    }
    ~Log() { asyncio::set_log_sink(previous_); }
    std::vector<std::string> lines;

private:
    asyncio::LogSink previous_;
};

// --- run ---

TEST(Run, RUN_1_throws_what_main_threw_and_returns_its_result) {
    EXPECT_THROW(asyncio::run([]() -> Coro<> {
                     throw std::out_of_range("x");
                     co_return;
                 }),
                 std::out_of_range);
    EXPECT_THROW(asyncio::run([]() -> Coro<> {
                     throw CancelledError();
                     co_return;
                 }),
                 CancelledError);
    EXPECT_EQ(*asyncio::run([]() -> Coro<std::unique_ptr<int>> { co_return std::make_unique<int>(4); }), 4);
    int target = 0;
    int& reference = asyncio::run([&]() -> Coro<int&> { co_return target; });
    EXPECT_EQ(&reference, &target);
}

TEST(Run, RUN_1_a_new_loop_per_call_that_is_closed_afterwards) {
    std::vector<asyncio::Future<int>> kept;
    for (int i = 0; i < 2; ++i) {
        asyncio::run([&]() -> Coro<> {
            kept.emplace_back(asyncio::get_running_loop());
            co_return;
        });
    }
    EXPECT_NE(&kept[0].core().loop(), &kept[1].core().loop());
    EXPECT_TRUE(kept[0].core().loop().closed() && kept[1].core().loop().closed());
}

TEST(Run, RUN_2_not_from_a_running_loop_and_then_nothing_starts) {
    bool started = false;
    asyncio::run([&]() -> Coro<> {
        const auto start = [&]() -> Coro<> {
            started = true;
            co_return;
        };
        auto inner = start();
        try {
            asyncio::run(inner);
            ADD_FAILURE();
        } catch (const asyncio::RuntimeError& error) {
            EXPECT_STREQ(error.what(), "asyncio.run() cannot be called from a running event loop");
        }
        EXPECT_FALSE(started);
        co_await inner;  // it is as it was
    });
    EXPECT_TRUE(started);
}

TEST(Run, RUN_3_tear_down_after_main_then_its_exception) {
    support::Trace trace;
    asyncio::EventLoop* loop = nullptr;
    const auto main = [&]() -> Coro<> {
        loop = &asyncio::get_running_loop();
        loop->set_exception_handler([&](asyncio::EventLoop&, const asyncio::ExceptionContext& context) {
            trace(context.message, ":", context.task.empty() ? "" : "task");
        });
        asyncio::create_task([&]() -> Coro<> {
            try {
                co_await sleep(1h);
            } catch (const CancelledError&) {
                trace("a");
            }
            co_await sleep(1s);  // RUN-4: cleanup may await
            trace("a ended");
        });
        asyncio::create_task([&]() -> Coro<> {
            try {
                co_await sleep(1h);
            } catch (const CancelledError&) {
                trace("b");
                throw std::runtime_error("in the tear-down");
            }
        });
        co_await sleep(1s);
        trace("main");
        throw std::out_of_range("x");
    };
    EXPECT_THROW(asyncio::run(main, {.loop_factory = virtual_loop}), std::out_of_range);
    EXPECT_EQ(trace.str(), "main a b a ended unhandled exception during asyncio.run() shutdown:task");
}

TEST(Run, RUN_4_a_task_that_never_stepped_and_one_of_the_last_step) {
    support::Trace trace;
    asyncio::run([&]() -> Coro<> {
        asyncio::create_task([&]() -> Coro<> {
            trace("first step");
            asyncio::create_task([&]() -> Coro<> {
                trace("never");
                co_return;
            });
            co_await sleep(1h);
        });
        co_return;
    });
    EXPECT_EQ(trace.str(), "first step");
}

TEST(Run, RUN_5_tasks_spawned_during_the_sweep_are_swept_too) {
    support::Trace trace;
    asyncio::run(
        [&]() -> Coro<> {
            asyncio::create_task([&]() -> Coro<> {
                try {
                    co_await sleep(1h);
                } catch (const CancelledError&) {
                    asyncio::create_task([&]() -> Coro<> {
                        try {
                            co_await sleep(1h);
                        } catch (const CancelledError&) {
                            trace("spawned");
                            throw;
                        }
                    });
                }
                co_await sleep(1s);
                trace("spawner");
            });
            co_await sleep(1s);
        },
        {.loop_factory = virtual_loop});
    EXPECT_EQ(trace.str(), "spawner spawned");
}

TEST(Run, RUN_6_debug_is_forced_or_left) {
    const auto debug = []() -> Coro<bool> { co_return asyncio::get_running_loop().get_debug(); };
    EXPECT_TRUE(asyncio::run(debug, {.debug = true}));
    EXPECT_FALSE(asyncio::run(debug, {.debug = false}));
    EXPECT_EQ(asyncio::run(debug), asyncio::EventLoop(std::make_unique<asyncio::SimulatedDriver>()).get_debug());
}

TEST(Run, RUN_7_the_factory_makes_the_loop) {
    int made = 0;
    auto factory = [&made] {
        ++made;
        return virtual_loop();
    };
    const auto name = []() -> Coro<std::string> { co_return std::string(asyncio::get_running_loop().driver().name()); };
    EXPECT_EQ(asyncio::run(name, {.loop_factory = factory}), "simulated");
    EXPECT_EQ(asyncio::run(name, {.loop_factory = [] { return virtual_loop(); }}), "simulated");
    EXPECT_EQ(made, 1);
    auto none = []() -> std::unique_ptr<asyncio::EventLoop> { return nullptr; };
    EXPECT_THROW(asyncio::run(name, {.loop_factory = none}), std::invalid_argument);
}

// --- Runner ---

TEST(RunnerTest, RUN_8_several_runs_on_one_loop_and_left_over_tasks_go_on) {
    support::Trace trace;
    Runner runner({.loop_factory = virtual_loop});
    runner.run([&]() -> Coro<> {
        asyncio::create_task([&]() -> Coro<> {
            co_await sleep(1s);
            trace("left over");
        });
        co_return;
    });
    asyncio::EventLoop* loop = &runner.get_loop();
    EXPECT_EQ(trace.str(), "");
    EXPECT_EQ(runner.run([&]() -> Coro<int> {
        EXPECT_EQ(&asyncio::get_running_loop(), loop);
        co_await sleep(2s);
        co_return 3;
    }),
              3);
    EXPECT_EQ(trace.str(), "left over");
}

TEST(RunnerTest, RUN_8_is_lazy) {
    int made = 0;
    auto factory = [&made] {
        ++made;
        return virtual_loop();
    };
    {
        Runner unused({.loop_factory = factory});
        unused.close();  // RUN-10: before the first use it does nothing
        EXPECT_EQ(made, 0);
        static_cast<void>(unused.get_loop());
        EXPECT_EQ(made, 1);
    }
}

TEST(RunnerTest, RUN_9_not_while_a_loop_runs) {
    Runner runner({.loop_factory = virtual_loop});
    runner.run([&]() -> Coro<> {
        try {
            runner.run([]() -> Coro<> { co_return; });
            ADD_FAILURE();
        } catch (const asyncio::RuntimeError& error) {
            EXPECT_STREQ(error.what(), "Runner.run() cannot be called from a running event loop");
        }
        EXPECT_THROW(runner.close(), asyncio::RuntimeError);
        co_return;
    });
}

TEST(RunnerTest, RUN_10_close_is_idempotent_and_final) {
    bool cancelled = false;
    Runner runner({.loop_factory = virtual_loop});
    runner.run([&]() -> Coro<> {
        asyncio::create_task([&]() -> Coro<> {
            try {
                co_await sleep(1h);
            } catch (const CancelledError&) {
                cancelled = true;
            }
        });
        co_await sleep(0s);
    });
    runner.close();
    EXPECT_TRUE(cancelled);
    runner.close();
    EXPECT_THROW(static_cast<void>(runner.get_loop()), asyncio::RuntimeError);
    EXPECT_THROW(runner.run([]() -> Coro<> { co_return; }), asyncio::RuntimeError);
}

TEST(RunnerTest, TASK_31_an_interrupt_in_the_tear_down_closes_the_loop_all_the_same) {
    const auto interrupts_when_cancelled = []() -> Coro<> {
        asyncio::create_task([]() -> Coro<> {
            try {
                co_await sleep(1h);
            } catch (const CancelledError&) {
                throw asyncio::SystemExit(3);
            }
        });
        co_await sleep(0s);
    };
    EXPECT_THROW(asyncio::run(interrupts_when_cancelled), asyncio::SystemExit);
    Log log;
    {
        Runner runner;
        runner.run(interrupts_when_cancelled);
    }
    ASSERT_EQ(log.lines.size(), 1u);
    EXPECT_NE(log.lines[0].find("SystemExit"), std::string::npos);
}

TEST(RunnerTest, TASK_31_main_ends_the_program) {
    support::Trace trace;
    const auto main = [&]() -> Coro<> {
        asyncio::create_task([&]() -> Coro<> {
            try {
                co_await sleep(1h);
            } catch (const CancelledError&) {
                trace("swept");
            }
        });
        co_await sleep(0s);
        throw asyncio::SystemExit(7);
    };
    try {
        asyncio::run(main);
        FAIL();
    } catch (const asyncio::SystemExit& exit) {
        EXPECT_EQ(exit.code(), 7);
    }
    EXPECT_EQ(trace.str(), "swept");
}

// --- SIGINT ---

using Handler = void (*)(int);
Handler sigint_handler() {
    struct sigaction action = {};
    sigaction(SIGINT, nullptr, &action);
    return action.sa_handler;
}

TEST(Interrupt, RUN_11_the_first_signal_cancels_main_and_becomes_a_keyboard_interrupt) {
    support::Trace trace;
    const auto main = [&]() -> Coro<> {
        EXPECT_NE(sigint_handler(), SIG_DFL);
        asyncio::get_running_loop().call_soon([] { std::raise(SIGINT); });
        try {
            co_await sleep(1h);  // a blocked poll is woken
        } catch (const CancelledError&) {
            trace("cancelled");
            throw;
        }
    };
    EXPECT_THROW(asyncio::run(main), KeyboardInterrupt);
    EXPECT_EQ(trace.str(), "cancelled");
    EXPECT_EQ(sigint_handler(), SIG_DFL);
}

TEST(Interrupt, RUN_11_main_swallows_it_and_returns) {
    EXPECT_EQ(asyncio::run([]() -> Coro<int> {
                  std::raise(SIGINT);
                  try {
                      co_await sleep(1h);
                  } catch (const CancelledError&) {
                  }
                  co_return 5;
              }),
              5);
}

TEST(Interrupt, RUN_11_cancelled_by_somebody_else_too) {
    EXPECT_THROW(asyncio::run([]() -> Coro<> {
                     asyncio::get_running_loop().call_soon([task = *asyncio::current_task()] {
                         task.cancel();
                         std::raise(SIGINT);
                     });
                     try {
                         co_await sleep(1h);
                     } catch (const CancelledError&) {
                     }
                     co_await sleep(1h);
                 }),
                 CancelledError);
}

TEST(Interrupt, RUN_11_other_threads_and_other_handlers_are_left_alone) {
    Handler in_thread = nullptr;
    std::jthread([&] {
        asyncio::run([&]() -> Coro<> {
            in_thread = sigint_handler();
            co_return;
        });
    }).join();
    EXPECT_EQ(in_thread, SIG_DFL);
    std::signal(SIGINT, SIG_IGN);
    asyncio::run([]() -> Coro<> {
        EXPECT_EQ(sigint_handler(), SIG_IGN);
        co_return;
    });
    EXPECT_EQ(sigint_handler(), SIG_IGN);
    std::signal(SIGINT, SIG_DFL);
}

TEST(Interrupt, RUN_11_a_signal_that_another_thread_receives) {
    const auto main = []() -> Coro<> {
        std::jthread([] { std::raise(SIGINT); }).detach();
        co_await sleep(1h);
    };
    EXPECT_THROW(asyncio::run(main), KeyboardInterrupt);
}

TEST(Interrupt, RUN_12_the_second_signal_leaves_the_loop_and_the_tear_down_runs) {
    support::Trace trace;
    const auto main = [&]() -> Coro<> {
        std::raise(SIGINT);
        try {
            co_await sleep(1h);
        } catch (const CancelledError&) {
            trace("first");
        }
        std::raise(SIGINT);
        try {
            co_await sleep(1h);
        } catch (const CancelledError&) {
            trace("swept");
            throw;
        }
    };
    EXPECT_THROW(asyncio::run(main), KeyboardInterrupt);
    EXPECT_EQ(trace.str(), "first swept");
}

TEST(Interrupt, RUN_12_a_signal_after_main_is_done) {
    const auto main = []() -> Coro<int> {
        asyncio::get_running_loop().call_soon([] { std::raise(SIGINT); });
        co_return 1;
    };
    EXPECT_THROW(asyncio::run(main), KeyboardInterrupt);
}

TEST(Interrupt, RUN_12_a_signal_while_the_runner_is_torn_down) {
    support::Trace trace;
    const auto cleans_up = [&]() -> Coro<> {
        try {
            co_await sleep(1h);
        } catch (const CancelledError&) {
            std::raise(SIGINT);
        }
        try {
            co_await sleep(1h);
        } catch (...) {
            trace("not reached");
        }
    };
    const auto main = [&]() -> Coro<> {
        auto task = asyncio::create_task(cleans_up());
        co_await sleep(0s);
        trace("main is done");
    };
    const Log log;
    EXPECT_THROW(asyncio::run(main), KeyboardInterrupt);
    EXPECT_EQ(trace.str(), "main is done");
}

TEST(Interrupt, RUN_12_a_signal_while_threads_are_waited_for) {
    struct Flags {
        std::atomic<bool> main_is_done = false;
        std::atomic<bool> interrupted = false;
    };
    const auto flags = std::make_shared<Flags>();  // the thread is not waited for any more
    const auto wait = [flags] {
        while (!flags->main_is_done) std::this_thread::yield();
        ::kill(::getpid(), SIGINT);
        while (!flags->interrupted) std::this_thread::yield();
    };
    const auto left_over = [&]() -> Coro<> {
        try {
            co_await sleep(1h);
        } catch (const CancelledError&) {
            flags->main_is_done = true;
        }
    };
    const auto main = [&]() -> Coro<> {
        auto job = asyncio::get_running_loop().run_in_executor(nullptr, wait);
        auto task = asyncio::create_task(left_over());
        co_await sleep(0s);
    };
    const Log log;
    EXPECT_THROW(asyncio::run(main), KeyboardInterrupt);
    flags->interrupted = true;
}

TEST(Interrupt, RUN_12_the_next_run_starts_afresh) {
    Runner runner;
    EXPECT_THROW(runner.run([]() -> Coro<int> {
        asyncio::get_running_loop().call_soon([] { std::raise(SIGINT); });
        co_return 1;
    }),
                 KeyboardInterrupt);
    EXPECT_EQ(runner.run([]() -> Coro<int> {
        co_await sleep(1ms);
        co_return 2;
    }),
              2);
    EXPECT_THROW(runner.run([]() -> Coro<> {
        std::raise(SIGINT);
        co_await sleep(1h);
    }),
                 KeyboardInterrupt);
}

}  // namespace
