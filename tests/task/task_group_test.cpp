#include <asyncio/task/task_group.hpp>

#include "support/loops.hpp"
#include "support/reports.hpp"
#include "support/ticks.hpp"
#include "support/trace.hpp"

#include <asyncio/base/except_star.hpp>
#include <asyncio/base/exception_group.hpp>
#include <asyncio/task/async_with.hpp>
#include <asyncio/task/run_until_complete.hpp>
#include <asyncio/task/sleep.hpp>
#include <asyncio/task/timeout.hpp>
#include <asyncio/testing/captured_log.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

namespace {

using namespace std::chrono_literals;
using asyncio::async_with;
using asyncio::CancelledError;
using asyncio::Coro;
using asyncio::sleep;
using asyncio::TaskGroup;
using support::Ticks;

Coro<> fail_after(asyncio::Clock::duration delay, std::string message) {
    co_await sleep(delay);
    throw std::runtime_error(message);
}

Coro<int> value_after(asyncio::Clock::duration delay, int value) {
    co_await sleep(delay);
    co_return value;
}

/// "unhandled errors in a TaskGroup[a b]" and so on; the message of groups is cut.
std::string shape(const std::exception_ptr& error) {
    if (const auto* group = asyncio::as_exception_group(error)) {
        std::string text = "EG[";
        for (const auto& member : group->exceptions()) text += (text.back() == '[' ? "" : " ") + shape(member);
        return text + "]";
    }
    try {
        std::rethrow_exception(error);
    } catch (const asyncio::TimeoutError&) {
        return "timeout";
    } catch (const std::exception& e) {
        return e.what();
    } catch (const CancelledError& e) {
        return "cancelled" + e.message();
    } catch (const asyncio::KeyboardInterrupt&) {
        return "interrupt";
    } catch (...) {
        return "other";
    }
}

class TaskGroupTest : public support::OnEachDriver {
public:
    /// Runs `main`; what it throws, in short.
    template <class Main>
    std::string outcome(Main&& main) {
        try {
            static_cast<void>(run(std::forward<Main>(main)));
            return "ok";
        } catch (...) {
            return shape(std::current_exception());
        }
    }
    /// Sleeps for ever; traces `name` when it is cancelled.
    Coro<> sleeper(std::string name, std::string then_throw = {}) {
        bool cancelled = false;
        try {
            co_await sleep(1h);
        } catch (const CancelledError&) {
            trace(name);
            cancelled = true;
        }
        if (cancelled && then_throw.empty()) throw CancelledError();
        if (cancelled) throw std::runtime_error(then_throw);
    }

    support::Reports reports{loop};
    support::Trace trace;
};
ASYNCIO_ON_VIRTUAL_CLOCK_AND_EAGER(TaskGroupTest);

asyncio::AnyTask me() {
    return *asyncio::current_task();
}

// --- misuse ---

TEST_P(TaskGroupTest, TG_22_create_task_before_entry_and_after_the_end) {
    run([&]() -> Coro<> {
        TaskGroup group;
        EXPECT_THROW(group.create_task(value_after(0s, 1)), asyncio::RuntimeError);
        co_await async_with(group, [](TaskGroup&) -> Coro<> { co_return; });
        EXPECT_THROW(group.create_task(value_after(0s, 1)), asyncio::RuntimeError);
    });
    EXPECT_EQ(reports.contexts().size(), 0u);
}

TEST_P(TaskGroupTest, TG_22_create_task_while_aborting) {
    const auto main = [&]() -> Coro<> {
        co_await async_with(TaskGroup(), [&](TaskGroup& group) -> Coro<> {
            group.create_task(fail_after(0s, "a"));
            try {
                co_await sleep(1h);
            } catch (const CancelledError&) {
                EXPECT_THROW(group.create_task(value_after(0s, 1)), asyncio::RuntimeError);
                trace("refused");
                throw;
            }
        });
    };
    EXPECT_EQ(outcome(main), "EG[a]");
    EXPECT_EQ(trace.str(), "refused");
}

TEST_P(TaskGroupTest, TG_22_a_child_may_add_children_during_the_exit_wait) {
    run([&]() -> Coro<> {
        co_await async_with(TaskGroup(), [&](TaskGroup& group) -> Coro<> {
            group.create_task([&]() -> Coro<> {
                co_await sleep(1s);
                group.create_task([&]() -> Coro<> {
                    co_await sleep(1s);
                    trace("grandchild");
                });
            });
            co_return;
        });
        trace("end");
    });
    EXPECT_EQ(trace.str(), "grandchild end");
}

TEST_P(TaskGroupTest, TG_23_entered_twice_or_outside_of_a_task) {
    run([&]() -> Coro<> {
        TaskGroup group;
        co_await async_with(group, [](TaskGroup&) -> Coro<> { co_return; });
        EXPECT_THROW(group.aenter(), asyncio::RuntimeError);
        EXPECT_THROW(TaskGroup(std::move(group)), asyncio::RuntimeError);
    });
    bool thrown = false;
    loop.call_soon([&] {
        TaskGroup group;
        EXPECT_THROW(group.aenter(), asyncio::RuntimeError);
        thrown = true;
    });
    loop.stop();
    loop.run_forever();
    EXPECT_TRUE(thrown);
    TaskGroup no_loop;
    EXPECT_THROW(no_loop.aenter(), asyncio::RuntimeError);
}

// --- failures ---

TEST_P(TaskGroupTest, TG_4_a_failing_child_cancels_siblings_and_the_body) {
    const auto main = [&]() -> Coro<> {
        std::exception_ptr error;
        try {
            co_await async_with(TaskGroup(), [&](TaskGroup& group) -> Coro<> {
                group.create_task(sleeper("sibling"));
                group.create_task(fail_after(1s, "a"));
                co_await sleeper("body");
            });
        } catch (const asyncio::ExceptionGroup& group) {
            EXPECT_EQ(group.message(), "unhandled errors in a TaskGroup");
            error = std::current_exception();
        }
        EXPECT_EQ(me().cancelling(), 0u);
        std::rethrow_exception(error);
    };
    EXPECT_EQ(outcome(main), "EG[a]");
    EXPECT_EQ(trace.str(), "sibling body");
    EXPECT_EQ(loop.time().time_since_epoch(), 1001s);
}

TEST_P(TaskGroupTest, TG_5_errors_raised_during_the_cancellation_are_collected) {
    const auto main = [&]() -> Coro<> {
        co_await async_with(TaskGroup(), [&](TaskGroup& group) -> Coro<> {
            group.create_task(sleeper("x", "late"));
            group.create_task(sleeper("y"));
            group.create_task(fail_after(1s, "a"));
            co_return;
        });
    };
    EXPECT_EQ(outcome(main), "EG[a late]");
}

TEST_P(TaskGroupTest, TG_6_only_the_first_failure_cancels) {
    const auto main = [&]() -> Coro<> {
        co_await async_with(TaskGroup(), [&](TaskGroup& group) -> Coro<> {
            group.create_task(fail_after(1s, "a"));
            group.create_task(fail_after(1s, "b"));
            group.create_task([&]() -> Coro<> {
                try {
                    co_await sleep(1h);
                } catch (const CancelledError&) {
                    trace("once");
                }
                co_await sleep(1s);  // would be cancelled by a second abort
                trace("whole");
            });
            co_return;
        });
    };
    EXPECT_EQ(outcome(main), "EG[a b]");
    EXPECT_EQ(trace.str(), "once whole");
}

TEST_P(TaskGroupTest, TG_7_a_child_that_is_cancelled_on_its_own_is_no_error) {
    run([&]() -> Coro<> {
        co_await async_with(TaskGroup(), [&](TaskGroup& group) -> Coro<> {
            auto child = group.create_task(sleeper("child"));
            co_await sleep(1s);
            child.cancel();
            co_await sleep(1s);
            trace("body");
        });
        trace("end");
    });
    EXPECT_EQ(trace.str(), "child body end");
}

TEST_P(TaskGroupTest, TG_7_a_body_that_awaits_the_cancelled_child_aborts_the_group) {
    const auto main = [&]() -> Coro<> {
        co_await async_with(TaskGroup(), [&](TaskGroup& group) -> Coro<> {
            auto child = group.create_task(sleeper("child"));
            group.create_task(sleeper("sibling"));
            loop.call_later(1s, [child] { child.cancel(); });
            co_await child;
        });
    };
    EXPECT_EQ(outcome(main), "cancelled");
    EXPECT_EQ(trace.str(), "child sibling");
}

TEST_P(TaskGroupTest, TG_8_the_body_raises) {
    const auto main = [&]() -> Coro<> {
        co_await async_with(TaskGroup(), [&](TaskGroup& group) -> Coro<> {
            group.create_task(sleeper("x", "child"));
            co_await sleep(1s);
            throw std::runtime_error("body");
        });
    };
    EXPECT_EQ(outcome(main), "EG[child body]");
}

TEST_P(TaskGroupTest, TG_9_the_body_swallows_the_cancellation) {
    const auto main = [&]() -> Coro<> {
        co_await async_with(TaskGroup(), [&](TaskGroup& group) -> Coro<> {
            group.create_task(fail_after(1s, "a"));
            try {
                co_await sleep(1h);
            } catch (const CancelledError&) {
                trace("swallowed");
            }
            co_await sleep(1s);
            trace("went on");
        });
    };
    EXPECT_EQ(outcome(main), "EG[a]");
    EXPECT_EQ(trace.str(), "swallowed went on");
}

TEST_P(TaskGroupTest, TG_9_the_body_turns_the_cancellation_into_an_error) {
    const auto main = [&]() -> Coro<> {
        co_await async_with(TaskGroup(), [&](TaskGroup& group) -> Coro<> {
            group.create_task(fail_after(1s, "a"));
            try {
                co_await sleep(1h);
            } catch (const CancelledError&) {
                throw std::out_of_range("key");
            }
        });
    };
    EXPECT_EQ(outcome(main), "EG[a key]");
}

TEST_P(TaskGroupTest, TG_10_the_body_raises_a_cancellation_itself) {
    const auto main = [&]() -> Coro<> {
        co_await async_with(TaskGroup(), [&](TaskGroup& group) -> Coro<> {
            group.create_task(sleeper("child"));
            co_await sleep(1s);
            throw CancelledError("own");
        });
    };
    EXPECT_EQ(outcome(main), "cancelledown");
    EXPECT_EQ(trace.str(), "child");
}

TEST_P(TaskGroupTest, TG_21_children_that_never_started_do_not_run) {
    ASYNCIO_NOT_EAGER("every child has started");
    const auto main = [&]() -> Coro<> {
        co_await async_with(TaskGroup(), [&](TaskGroup& group) -> Coro<> {
            group.create_task([&]() -> Coro<> {
                trace("ran");
                co_return;
            });
            throw std::runtime_error("body");
            co_return;
        });
    };
    EXPECT_EQ(outcome(main), "EG[body]");
    EXPECT_EQ(trace.str(), "");
}

TEST_P(TaskGroupTest, TG_20_other_types_make_a_base_exception_group) {
    run([&]() -> Coro<> {
        try {
            co_await async_with(TaskGroup(), [&](TaskGroup& group) -> Coro<> {
                group.create_task([]() -> Coro<> {
                    throw 42;
                    co_return;
                });
                co_return;
            });
        } catch (const std::exception&) {
            ADD_FAILURE() << "an int was caught as a std::exception";
        } catch (const asyncio::BaseExceptionGroup&) {
            trace("base");
        }
    });
    EXPECT_EQ(trace.str(), "base");
}

TEST_P(TaskGroupTest, TG_29_errors_of_children_are_not_reported_too) {
    EXPECT_EQ(outcome([&]() -> Coro<> {
                  co_await async_with(TaskGroup(), [&](TaskGroup& group) -> Coro<> {
                      group.create_task(fail_after(0s, "a"));
                      co_return;
                  });
              }),
              "EG[a]");
    EXPECT_EQ(reports.contexts().size(), 0u);
}

TEST_P(TaskGroupTest, TG_24_the_error_of_a_child_that_is_done_already_counts) {
    const auto main = [&]() -> Coro<> {
        co_await async_with(TaskGroup(), [&](TaskGroup& group) -> Coro<> {
            group.create_task([]() -> Coro<> {
                throw std::runtime_error("a");
                co_return;
            });
            co_await sleep(0s);  // the child has ended, its callback has not run
        });
    };
    EXPECT_EQ(outcome(main), "EG[a]");
}

// --- cancellation from outside ---

TEST_P(TaskGroupTest, TG_11_cancel_in_the_body) {
    auto task = loop.create_task([&]() -> Coro<> {
        co_await async_with(TaskGroup(), [&](TaskGroup& group) -> Coro<> {
            group.create_task(sleeper("child"));
            co_await sleeper("body");
        });
    });
    loop.call_later(1s, [task] { task.cancel("m"); });
    EXPECT_EQ(outcome(task), "cancelled");
    EXPECT_EQ(trace.str(), "body child");
    EXPECT_EQ(task.cancelling(), 1u);
}

TEST_P(TaskGroupTest, TG_11_cancel_in_the_exit_wait_keeps_the_message) {
    auto task = loop.create_task([&]() -> Coro<> {
        co_await async_with(TaskGroup(), [&](TaskGroup& group) -> Coro<> {
            group.create_task(sleeper("child"));
            co_return;
        });
    });
    loop.call_later(1s, [task] { task.cancel("m"); });
    EXPECT_EQ(outcome(task), "cancelledm");
    EXPECT_EQ(trace.str(), "child");
    EXPECT_EQ(task.cancelling(), 1u);
}

TEST_P(TaskGroupTest, TG_11_a_second_cancel_during_the_wait_is_absorbed) {
    auto task = loop.create_task([&]() -> Coro<> {
        co_await async_with(TaskGroup(), [&](TaskGroup& group) -> Coro<> {
            group.create_task([&]() -> Coro<> {
                try {
                    co_await sleep(1h);
                } catch (const CancelledError&) {
                    trace("cleaning");
                }
                co_await sleep(5s);
                trace("clean");
                throw CancelledError();
            });
            co_return;
        });
    });
    loop.call_later(1s, [task] { task.cancel("first"); });
    loop.call_later(2s, [task] { task.cancel("second"); });
    EXPECT_EQ(outcome(task), "cancelledfirst");
    EXPECT_EQ(trace.str(), "cleaning clean");
    EXPECT_EQ(task.cancelling(), 2u);
}

TEST_P(TaskGroupTest, TG_12_errors_win_over_an_external_cancel_which_comes_back) {
    auto task = loop.create_task([&]() -> Coro<> {
        std::string seen;
        try {
            co_await async_with(TaskGroup(), [&](TaskGroup& group) -> Coro<> {
                group.create_task(sleeper("child", "late"));
                co_return;
            });
        } catch (const asyncio::ExceptionGroup&) {
            seen = shape(std::current_exception());
        }
        trace(seen, me().cancelling());
        co_await sleep(0s);
        trace("not reached");
    });
    loop.call_later(1s, [task] { task.cancel(); });
    EXPECT_EQ(outcome(task), "cancelled");
    EXPECT_EQ(trace.str(), "child EG[late]1");
}

TEST_P(TaskGroupTest, TG_12_the_child_failed_first_and_the_cancel_came_during_the_wait) {
    auto task = loop.create_task([&]() -> Coro<> {
        try {
            co_await async_with(TaskGroup(), [&](TaskGroup& group) -> Coro<> {
                group.create_task(fail_after(1s, "a"));
                group.create_task([]() -> Coro<> {
                    try {
                        co_await sleep(1h);
                    } catch (const CancelledError&) {
                    }
                    co_await sleep(5s);
                });
                co_return;
            });
        } catch (const asyncio::ExceptionGroup&) {
            trace("EG", me().cancelling());
        }
        co_await sleep(0s);
        trace("not reached");
    });
    loop.call_later(2s, [task] { task.cancel(); });
    EXPECT_EQ(outcome(task), "cancelled");
    EXPECT_EQ(trace.str(), "EG1");
}

TEST_P(TaskGroupTest, TG_13_TG_14_a_handled_failure_leaves_no_cancellation) {
    run([&]() -> Coro<> {
        for (const bool in_body : {true, false}) {
            std::exception_ptr error;
            try {
                co_await async_with(TaskGroup(), [&](TaskGroup& group) -> Coro<> {
                    group.create_task(fail_after(1s, "a"));
                    if (in_body) co_await sleep(1h);
                });
            } catch (...) {
                error = std::current_exception();
            }
            asyncio::except_star(error).on<std::runtime_error>([&](const auto&) { trace("handled"); }).finish();
            EXPECT_EQ(me().cancelling(), 0u);
            co_await sleep(1s);
            trace("on");
        }
    });
    EXPECT_EQ(trace.str(), "handled on handled on");
}

TEST_P(TaskGroupTest, TG_15_entered_with_a_cancel_pending) {
    const auto main = [&]() -> Coro<> {
        me().cancel("p");
        co_await async_with(TaskGroup(), [&](TaskGroup& group) -> Coro<> {
            group.create_task(sleeper("child"));
            trace("body");
            co_await sleep(1s);
            trace("not reached");
        });
    };
    EXPECT_EQ(outcome(main), "cancelledp");
    EXPECT_EQ(trace.str(), "body child");
}

// --- nesting ---

TEST_P(TaskGroupTest, TG_16_an_inner_failure_is_an_error_of_the_outer_body) {
    const auto main = [&]() -> Coro<> {
        co_await async_with(TaskGroup(), [&](TaskGroup& outer) -> Coro<> {
            outer.create_task(sleeper("outer child"));
            co_await async_with(TaskGroup(), [&](TaskGroup& inner) -> Coro<> {
                inner.create_task(fail_after(1s, "a"));
                co_return;
            });
        });
    };
    EXPECT_EQ(outcome(main), "EG[EG[a]]");
    EXPECT_EQ(trace.str(), "outer child");
}

TEST_P(TaskGroupTest, TG_17_an_outer_failure_cancels_the_inner_group) {
    const auto main = [&]() -> Coro<> {
        co_await async_with(TaskGroup(), [&](TaskGroup& outer) -> Coro<> {
            outer.create_task(fail_after(1s, "a"));
            try {
                co_await async_with(TaskGroup(), [&](TaskGroup& inner) -> Coro<> {
                    inner.create_task(sleeper("inner child"));
                    co_return;
                });
            } catch (const CancelledError&) {
                trace("inner cancelled");
                throw;
            }
        });
    };
    EXPECT_EQ(outcome(main), "EG[a]");
    EXPECT_EQ(trace.str(), "inner child inner cancelled");
}

TEST_P(TaskGroupTest, TG_18_both_fail_in_one_iteration) {
    const auto main = [&]() -> Coro<> {
        std::exception_ptr error;
        try {
            co_await async_with(TaskGroup(), [&](TaskGroup& outer) -> Coro<> {
                outer.create_task(fail_after(1s, "o"));
                co_await async_with(TaskGroup(), [&](TaskGroup& inner) -> Coro<> {
                    inner.create_task(fail_after(1s, "i"));
                    co_await sleep(1h);
                });
            });
        } catch (...) {
            error = std::current_exception();
        }
        EXPECT_EQ(me().cancelling(), 0u);
        std::rethrow_exception(error);
    };
    EXPECT_EQ(outcome(main), "EG[o EG[i]]");
}

TEST_P(TaskGroupTest, TG_16_TMO_16_timeout_around_a_group) {
    const auto main = [&]() -> Coro<> {
        co_await async_with(asyncio::timeout(1s), [&](asyncio::Timeout&) -> Coro<> {
            co_await async_with(TaskGroup(), [&](TaskGroup& group) -> Coro<> {
                group.create_task(sleeper("child"));
                co_return;
            });
        });
    };
    EXPECT_EQ(outcome(main), "timeout");
    EXPECT_EQ(trace.str(), "child");
}

TEST_P(TaskGroupTest, TG_25_timeout_inside_a_group_and_both_at_once) {
    const auto inside = [&]() -> Coro<> {
        co_await async_with(TaskGroup(), [&](TaskGroup&) -> Coro<> {
            co_await async_with(asyncio::timeout(1s), [](asyncio::Timeout&) -> Coro<> { co_await sleep(1h); });
        });
    };
    EXPECT_EQ(outcome(inside), "EG[timeout]");
    auto gate = loop.create_future<void>();
    loop.call_later(1s, [&] { gate.set_exception(std::runtime_error("a")); });
    const auto both = [&]() -> Coro<> {
        std::exception_ptr error;
        try {
            co_await async_with(asyncio::timeout(1s), [&](asyncio::Timeout&) -> Coro<> {
                co_await async_with(TaskGroup(), [&](TaskGroup& group) -> Coro<> {
                    group.create_task([&]() -> Coro<> { co_await gate; });
                    co_await sleep(1h);
                });
            });
        } catch (...) {
            error = std::current_exception();
        }
        EXPECT_EQ(me().cancelling(), 0u);
        std::rethrow_exception(error);
    };
    EXPECT_EQ(outcome(both), "EG[a]");
}

// --- interrupts ---

TEST_P(TaskGroupTest, TG_19_an_interrupt_of_the_body_comes_out_itself) {
    const auto main = [&]() -> Coro<> {
        co_await async_with(TaskGroup(), [&](TaskGroup& group) -> Coro<> {
            group.create_task(sleeper("child"));
            co_await sleep(1s);
            throw asyncio::KeyboardInterrupt();
        });
    };
    EXPECT_EQ(outcome(main), "interrupt");
    EXPECT_EQ(trace.str(), "child");
}

TEST_P(TaskGroupTest, TG_19_TASK_31_an_interrupt_of_a_child_leaves_the_loop_and_then_the_group) {
    auto task = loop.create_task([&]() -> Coro<> {
        co_await async_with(TaskGroup(), [&](TaskGroup& group) -> Coro<> {
            group.create_task([]() -> Coro<> {
                co_await sleep(1s);
                throw asyncio::SystemExit(3);
            });
            group.create_task(sleeper("child"));
            co_return;
        });
    });
    EXPECT_THROW(loop.run_until_complete(task), asyncio::SystemExit);
    EXPECT_FALSE(task.done());
    EXPECT_THROW(loop.run_until_complete(task), asyncio::SystemExit);  // the group throws it after its children ended
    EXPECT_TRUE(task.done());
    EXPECT_EQ(trace.str(), "child");
}

// --- results and hops ---

TEST_P(TaskGroupTest, TG_1_TG_2_TG_26_waits_for_all_and_gives_results) {
    const int sum = run([&]() -> Coro<int> {
        std::optional<asyncio::Task<int>> late;
        const int of_body = co_await async_with(TaskGroup(), [&](TaskGroup& group) -> Coro<int> {
            auto a = group.create_task(value_after(1s, 1), {.name = "a"});
            EXPECT_EQ(a.get_name(), "a");
            late = group.create_task([]() { return value_after(5s, 10); });
            co_return co_await a + 100;
        });
        EXPECT_TRUE(late->done());
        co_return of_body + late->result();
    });
    EXPECT_EQ(sum, 111);
}

TEST_P(TaskGroupTest, TG_26_the_body_may_return_what_can_only_be_moved) {
    const auto value = run([&]() -> Coro<std::unique_ptr<int>> {
        co_return co_await async_with(TaskGroup(), [&](TaskGroup& group) -> Coro<std::unique_ptr<int>> {
            group.create_task(value_after(1s, 1));
            co_return std::make_unique<int>(5);
        });
    });
    EXPECT_EQ(*value, 5);
}

TEST_P(TaskGroupTest, TG_3_ORD_14_no_children_no_suspension) {
    run([&]() -> Coro<> {
        const Ticks ticks(loop);
        co_await async_with(TaskGroup(), [&](TaskGroup&) -> Coro<> { co_return; });
        EXPECT_EQ(ticks.now(), 0);
        co_await async_with(TaskGroup(), [&](TaskGroup& group) -> Coro<> {
            group.create_task([]() -> Coro<> { co_return; });
            co_await sleep(0s);
            co_await sleep(0s);  // the child's callback has run
        });
        EXPECT_EQ(ticks.now(), 2);
    });
}

TEST_P(TaskGroupTest, ORD_14_the_exit_returns_two_iterations_after_the_last_child) {
    int ended = 0;
    run([&]() -> Coro<> {
        const Ticks ticks(loop);
        co_await async_with(TaskGroup(), [&](TaskGroup& group) -> Coro<> {
            group.create_task([&]() -> Coro<> {
                co_await sleep(1s);
                ended = ticks.now();
            });
            co_return;
        });
        EXPECT_EQ(ticks.now() - ended, 2);
    });
    EXPECT_GT(ended, 0);
}

TEST_P(TaskGroupTest, ORD_14_siblings_and_parent_see_the_failure_two_iterations_later) {
    int failed = 0;
    int sibling = 0;
    int parent = 0;
    const auto main = [&]() -> Coro<> {
        const Ticks ticks(loop);
        co_await async_with(TaskGroup(), [&](TaskGroup& group) -> Coro<> {
            group.create_task([&]() -> Coro<> {
                co_await sleep(1s);
                failed = ticks.now();
                throw std::runtime_error("a");
            });
            group.create_task([&]() -> Coro<> {
                try {
                    co_await sleep(1h);
                } catch (const CancelledError&) {
                    sibling = ticks.now();
                    throw;
                }
            });
            try {
                co_await sleep(1h);
            } catch (const CancelledError&) {
                parent = ticks.now();
                throw;
            }
        });
    };
    EXPECT_EQ(outcome(main), "EG[a]");
    EXPECT_EQ(sibling - failed, 2);
    EXPECT_EQ(parent - failed, 2);
}

// --- cancel() of the group (3.15) ---

TEST_P(TaskGroupTest, TG_27_cancel_ends_children_and_body_without_an_exception) {
    run([&]() -> Coro<> {
        co_await async_with(TaskGroup(), [&](TaskGroup& group) -> Coro<> {
            group.create_task(sleeper("child"));
            loop.call_later(1s, [&group] {
                group.cancel();
                group.cancel();
            });
            co_await sleeper("body");
        });
        EXPECT_EQ(me().cancelling(), 0u);
        co_await sleep(1s);
        trace("end");
    });
    EXPECT_EQ(trace.str(), "child body end");
}

TEST_P(TaskGroupTest, TG_27_cancel_before_entry_and_after_the_exit) {
    run([&]() -> Coro<> {
        TaskGroup group;
        group.cancel();
        co_await async_with(group, [&](TaskGroup&) -> Coro<> {
            trace("body");
            co_await sleep(0s);
            trace("not reached");
        });
        group.cancel();
        co_await sleep(0s);
        trace("end");
    });
    EXPECT_EQ(trace.str(), "body end");
}

TEST_P(TaskGroupTest, TG_27_real_errors_and_external_cancellations_still_come_out) {
    const auto fails = [&]() -> Coro<> {
        co_await async_with(TaskGroup(), [&](TaskGroup& group) -> Coro<> {
            group.create_task(sleeper("x", "late"));
            co_await sleep(1s);
            group.cancel();
        });
    };
    EXPECT_EQ(outcome(fails), "EG[late]");
    auto task = loop.create_task([&]() -> Coro<> {
        co_await async_with(TaskGroup(), [&](TaskGroup& group) -> Coro<> {
            loop.call_later(1s, [&group, task = me()] {
                group.cancel();
                task.cancel("outside");
            });
            co_await sleep(1h);
        });
    });
    EXPECT_EQ(outcome(task), "cancelled");
    EXPECT_EQ(task.cancelling(), 1u);
}

TEST_P(TaskGroupTest, TG_27_a_value_that_was_never_returned_is_an_error) {
    const auto main = [&]() -> Coro<int> {
        co_return co_await async_with(TaskGroup(), [&](TaskGroup& group) -> Coro<int> {
            group.cancel();
            co_await sleep(0s);
            co_return 1;
        });
    };
    EXPECT_THROW(run(main), asyncio::RuntimeError);
}

TEST_P(TaskGroupTest, TG_28_text) {
    run([&]() -> Coro<> {
        TaskGroup group;
        EXPECT_EQ(group.repr(), "<TaskGroup>");
        try {
            co_await async_with(group, [&](TaskGroup&) -> Coro<> {
                EXPECT_EQ(group.repr(), "<TaskGroup entered>");
                group.create_task(sleeper("x"));
                group.create_task(sleeper("y"));
                group.create_task(fail_after(1s, "a"));
                EXPECT_EQ(group.repr(), "<TaskGroup tasks=3 entered>");
                try {
                    co_await sleep(1h);
                } catch (const CancelledError&) {
                    EXPECT_EQ(group.repr(), "<TaskGroup tasks=2 errors=1 cancelling>");
                    throw;
                }
            });
        } catch (const asyncio::ExceptionGroup&) {
            trace("end");
        }
    });
    EXPECT_EQ(trace.str(), "x y end");
}

// --- destruction ---

TEST_P(TaskGroupTest, LOOP_11_a_loop_closed_in_the_middle_destroys_everything) {
    const auto life = std::make_shared<int>(0);
    auto task = loop.create_task([&, life]() -> Coro<> {
        co_await async_with(TaskGroup(), [&](TaskGroup& group) -> Coro<> {
            group.create_task([life]() -> Coro<> { co_await sleep(1h); });
            group.create_task([]() -> Coro<> { co_return; });  // its callback will be in the queue
            co_return;
        });
    });
    for (int i = 0; i < 3; ++i) {
        loop.stop();
        loop.run_forever();
        if (i == 1) {
            EXPECT_GT(life.use_count(), 1);
        }
    }
    loop.close();
    EXPECT_EQ(life.use_count(), 1);
    EXPECT_FALSE(task.done());
}

TEST_P(TaskGroupTest, LOOP_11_closed_while_a_callback_of_a_child_is_queued) {
    auto task = loop.create_task([&]() -> Coro<> {
        co_await async_with(TaskGroup(), [&](TaskGroup& group) -> Coro<> {
            group.create_task([]() -> Coro<> { co_return; });
            co_return;
        });
    });
    for (int i = 0; i < 2; ++i) {  // main starts; the child ends and its callback is queued
        loop.stop();
        loop.run_forever();
    }
    loop.close();
    EXPECT_FALSE(task.done());
}

TEST_P(TaskGroupTest, TG_3_a_group_that_was_entered_and_not_left_is_dropped_in_silence) {
    loop.set_debug(true);
    loop.slow_callback_duration = 1h;
    const asyncio::testing::CapturedLog log;
    run([]() -> Coro<> {
        TaskGroup group;
        group.aenter();
        co_return;
    });
    EXPECT_EQ(log.text(), "");
}

}  // namespace
