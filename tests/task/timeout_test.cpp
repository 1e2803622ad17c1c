#include <asyncio/task/timeout.hpp>

#include "support/loops.hpp"
#include "support/ticks.hpp"
#include "support/trace.hpp"

#include <asyncio/base/exception_group.hpp>
#include <asyncio/task/async_with.hpp>
#include <asyncio/task/run_until_complete.hpp>
#include <asyncio/task/sleep.hpp>

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
using asyncio::Timeout;
using asyncio::timeout;
using asyncio::TimeoutError;
using support::Ticks;

asyncio::AnyTask me() {
    return *asyncio::current_task();
}

class TimeoutTest : public support::OnEachDriver {
public:
    /// "ok", "timeout", "cancelled" with its message, or the text of the exception.
    template <class Main>
    std::string outcome(Main&& main) {
        try {
            static_cast<void>(run(std::forward<Main>(main)));
            return "ok";
        } catch (const TimeoutError&) {
            return "timeout";
        } catch (const std::exception& error) {
            return error.what();
        } catch (const CancelledError& error) {
            return "cancelled" + error.message();
        }
    }
    [[nodiscard]] asyncio::Clock::duration elapsed() const { return loop.time() - start; }

    asyncio::Clock::time_point start = loop.time();
    support::Trace trace;
};
ASYNCIO_ON_VIRTUAL_CLOCK_AND_EAGER(TimeoutTest);

TEST_P(TimeoutTest, TMO_2_the_deadline_passes_in_the_body) {
    run([&]() -> Coro<> {
        try {
            co_await async_with(timeout(1s), [&](Timeout&) -> Coro<> {
                try {
                    co_await sleep(1h);
                } catch (const CancelledError&) {
                    trace("cancelled inside");
                    EXPECT_EQ(me().cancelling(), 1u);
                    throw;
                }
            });
        } catch (const TimeoutError& error) {
            trace("timeout");
            EXPECT_THROW(std::rethrow_exception(error.cause()), CancelledError);
        }
        EXPECT_EQ(me().cancelling(), 0u);
        EXPECT_EQ(elapsed(), 1s);
        co_await sleep(1s);
    });
    EXPECT_EQ(trace.str(), "cancelled inside timeout");
}

TEST_P(TimeoutTest, TMO_1_needs_a_running_loop_and_counts_from_the_call) {
    EXPECT_THROW(static_cast<void>(timeout(1s)), asyncio::RuntimeError);
    EXPECT_NO_THROW(static_cast<void>(asyncio::timeout_at(std::nullopt)));
    const auto main = [&]() -> Coro<> {
        Timeout limit = timeout(3s);
        co_await sleep(2s);
        co_await async_with(limit, [](Timeout&) -> Coro<> { co_await sleep(1h); });
    };
    EXPECT_EQ(outcome(main), "timeout");
    EXPECT_EQ(elapsed(), 3s);
}

TEST_P(TimeoutTest, TMO_6_a_limit_that_has_run_out_before_it_is_entered) {
    const auto main = [&]() -> Coro<> {
        Timeout limit = timeout(1s);
        co_await sleep(2s);
        co_await async_with(limit, [&](Timeout&) -> Coro<> {
            trace("starts");
            co_await sleep(0s);
            trace("not reached");
        });
    };
    EXPECT_EQ(outcome(main), "timeout");
    EXPECT_EQ(trace.str(), "starts");
    EXPECT_EQ(elapsed(), 2s);
}

TEST_P(TimeoutTest, TMO_1_timeout_at_and_no_limit) {
    const auto at = [&]() -> Coro<> {
        co_await async_with(asyncio::timeout_at(loop.time() + 5s), [](Timeout&) -> Coro<> { co_await sleep(1h); });
    };
    EXPECT_EQ(outcome(at), "timeout");
    EXPECT_EQ(elapsed(), 5s);
    const int result = run([&]() -> Coro<int> {
        co_return co_await async_with(timeout(std::nullopt), [](Timeout& limit) -> Coro<int> {
            EXPECT_EQ(limit.when(), std::nullopt);
            co_await sleep(1h);
            co_return 7;
        });
    });
    EXPECT_EQ(result, 7);
}

TEST_P(TimeoutTest, TMO_3_when_expired_and_the_states) {
    run([&]() -> Coro<> {
        Timeout limit = timeout(1s);
        EXPECT_EQ(limit.repr(), "<Timeout [created]>");
        EXPECT_EQ(limit.when(), loop.time() + 1s);
        try {
            co_await async_with(limit, [&](Timeout&) -> Coro<> {
                EXPECT_EQ(limit.repr(), "<Timeout [active] when=1001.000>");
                EXPECT_FALSE(limit.expired());
                try {
                    co_await sleep(1h);
                } catch (const CancelledError&) {
                    EXPECT_EQ(limit.repr(), "<Timeout [expiring]>");
                    EXPECT_TRUE(limit.expired());
                    throw;
                }
            });
        } catch (const TimeoutError&) {
            EXPECT_EQ(limit.repr(), "<Timeout [expired]>");
        }
        EXPECT_TRUE(limit.expired());
        Timeout other = timeout(std::nullopt);
        co_await async_with(other, [&](Timeout&) -> Coro<> {
            EXPECT_EQ(other.repr(), "<Timeout [active] when=None>");
            co_return;
        });
        EXPECT_EQ(other.repr(), "<Timeout [finished]>");
    });
}

TEST_P(TimeoutTest, TMO_4_reschedule_sooner_later_past_and_never) {
    const auto limited = [&](asyncio::Clock::duration first, std::optional<asyncio::Clock::duration> then) {
        start = loop.time();
        return outcome([&]() -> Coro<> {
            co_await async_with(timeout(first), [&](Timeout& limit) -> Coro<> {
                if (then) {
                    limit.reschedule(start + *then);
                } else {
                    limit.reschedule(std::nullopt);
                }
                EXPECT_EQ(limit.when().has_value(), then.has_value());
                co_await sleep(20s);
            });
        });
    };
    EXPECT_EQ(limited(10s, 5s), "timeout");
    EXPECT_EQ(elapsed(), 5s);
    EXPECT_EQ(limited(10s, 15s), "timeout");
    EXPECT_EQ(elapsed(), 15s);
    EXPECT_EQ(limited(10s, -5s), "timeout");
    EXPECT_EQ(elapsed(), 0s);
    EXPECT_EQ(limited(10s, std::nullopt), "ok");
    EXPECT_EQ(elapsed(), 20s);
}

TEST_P(TimeoutTest, TMO_4_a_deadline_in_the_past_takes_effect_in_the_next_iteration) {
    run([&]() -> Coro<> {
        const Ticks ticks(loop);
        try {
            co_await async_with(timeout(1h), [&](Timeout& limit) -> Coro<> {
                limit.reschedule(loop.time());
                try {
                    co_await sleep(1h);
                } catch (const CancelledError&) {
                    EXPECT_EQ(ticks.now(), 2);  // it fires at 1
                    throw;
                }
            });
        } catch (const TimeoutError&) {
            trace("timeout");
        }
    });
    EXPECT_EQ(trace.str(), "timeout");
}

TEST_P(TimeoutTest, TMO_5_misuse) {
    const auto message_of = [](auto&& misuse) -> std::string {
        try {
            misuse();
            return "accepted";
        } catch (const asyncio::RuntimeError& error) {
            return error.what();
        }
    };
    run([&]() -> Coro<> {
        Timeout limit = timeout(1s);
        EXPECT_EQ(message_of([&] { limit.reschedule(std::nullopt); }), "Timeout has not been entered");
        try {
            co_await async_with(limit, [&](Timeout&) -> Coro<> {
                EXPECT_EQ(message_of([&] { limit.aenter(); }), "Timeout has already been entered");
                EXPECT_NE(message_of([&] { Timeout(std::move(limit)); }), "accepted");
                try {
                    co_await sleep(1h);
                } catch (const CancelledError&) {
                    EXPECT_EQ(message_of([&] { limit.reschedule(std::nullopt); }),
                              "Cannot change state of expiring Timeout");
                    throw;
                }
            });
        } catch (const TimeoutError&) {
            EXPECT_EQ(message_of([&] { limit.reschedule(std::nullopt); }), "Cannot change state of expired Timeout");
        }
        Timeout done = timeout(1s);
        co_await async_with(done, [](Timeout&) -> Coro<> { co_return; });
        EXPECT_EQ(message_of([&] { done.reschedule(std::nullopt); }), "Cannot change state of finished Timeout");
    });
    std::string in_callback;
    loop.call_soon([&] { in_callback = message_of([] { asyncio::timeout_at(std::nullopt).aenter(); }); });
    loop.stop();
    loop.run_forever();
    EXPECT_EQ(in_callback, "Timeout should be used inside a task");
}

TEST_P(TimeoutTest, TMO_6_a_delay_that_is_not_positive) {
    const auto suspends = [&]() -> Coro<> {
        co_await async_with(timeout(0s), [&](Timeout&) -> Coro<> {
            trace("starts");
            co_await sleep(0s);
            trace("not reached");
        });
    };
    EXPECT_EQ(outcome(suspends), "timeout");
    run([&]() -> Coro<> {
        Timeout limit = timeout(-1s);
        co_await async_with(limit, [](Timeout&) -> Coro<> { co_return; });
        EXPECT_EQ(limit.repr(), "<Timeout [finished]>");
    });
    EXPECT_EQ(trace.str(), "starts");
}

TEST_P(TimeoutTest, TMO_7_a_body_that_never_awaits_again) {
    run([&]() -> Coro<> {
        Timeout limit = timeout(1s);
        co_await async_with(limit, [&](Timeout&) -> Coro<> {
            co_await sleep(500ms);
            static_cast<asyncio::SimulatedDriver&>(loop.driver()).advance(1h);
        });
        EXPECT_FALSE(limit.expired());
        co_await sleep(1s);
    });
}

TEST_P(TimeoutTest, TMO_8_the_body_swallows_the_cancellation) {
    run([&]() -> Coro<> {
        Timeout limit = timeout(1s);
        co_await async_with(limit, [&](Timeout&) -> Coro<> {
            try {
                co_await sleep(1h);
            } catch (const CancelledError&) {
            }
            co_await sleep(1s);
            trace("goes on");
        });
        EXPECT_TRUE(limit.expired());
        EXPECT_EQ(me().cancelling(), 0u);
    });
    EXPECT_EQ(trace.str(), "goes on");
}

TEST_P(TimeoutTest, TMO_9_the_body_turns_the_cancellation_into_another_error) {
    const auto main = [&]() -> Coro<> {
        co_await async_with(timeout(1s), [&](Timeout&) -> Coro<> {
            try {
                co_await sleep(1h);
            } catch (const CancelledError&) {
                throw std::invalid_argument("value");
            }
        });
    };
    EXPECT_EQ(outcome(main), "value");
}

/// Two nested limits around a sleep of an hour; "inner" or "outer" for whoever threw TimeoutError.
Coro<std::string> nested(asyncio::Clock::duration outer_delay, asyncio::Clock::duration inner_delay, bool& both) {
    Timeout outer = timeout(outer_delay);
    Timeout inner = timeout(inner_delay);
    std::string who = "nobody";
    try {
        co_await async_with(outer, [&](Timeout&) -> Coro<> {
            try {
                co_await async_with(inner, [](Timeout&) -> Coro<> { co_await sleep(1h); });
            } catch (const TimeoutError&) {
                who = "inner";
            }
        });
    } catch (const TimeoutError&) {
        who += " outer";
    }
    both = outer.expired() && inner.expired();
    EXPECT_EQ(me().cancelling(), 0u);
    co_return who + " " + inner.repr();
}

TEST_P(TimeoutTest, TMO_10_nested) {
    bool both = false;
    EXPECT_EQ(run(nested(2s, 1s, both)), "inner <Timeout [expired]>");
    EXPECT_EQ(run(nested(1s, 2s, both)), "nobody outer <Timeout [finished]>");
    EXPECT_FALSE(both);
}

TEST_P(TimeoutTest, TMO_11_both_due_in_one_iteration) {
    bool both = false;
    EXPECT_EQ(run(nested(1s, 1s, both)), "nobody outer <Timeout [expired]>");
    EXPECT_TRUE(both);
    both = false;
    EXPECT_EQ(run(nested(0s, 0s, both)), "nobody outer <Timeout [expired]>");
    EXPECT_TRUE(both);
}

TEST_P(TimeoutTest, TMO_12_the_outer_fires_while_the_inner_one_is_being_handled) {
    const auto main = [&]() -> Coro<> {
        co_await async_with(timeout(2s), [&](Timeout&) -> Coro<> {
            bool timed_out = false;
            try {
                co_await async_with(timeout(1s), [](Timeout&) -> Coro<> { co_await sleep(1h); });
            } catch (const TimeoutError&) {
                timed_out = true;
            }
            trace(timed_out ? "inner" : "?");
            co_await sleep(1h);
        });
    };
    EXPECT_EQ(outcome(main), "timeout");
    EXPECT_EQ(trace.str(), "inner");
    EXPECT_EQ(elapsed(), 2s);
}

TEST_P(TimeoutTest, TMO_13_an_external_cancellation_stays_one) {
    auto task = loop.create_task(
        [&]() -> Coro<> { co_await async_with(timeout(1h), [](Timeout&) -> Coro<> { co_await sleep(2h); }); });
    loop.call_later(1s, [task] { task.cancel("m"); });
    EXPECT_EQ(outcome(task), "cancelledm");
    EXPECT_EQ(elapsed(), 1s);
}

TEST_P(TimeoutTest, TMO_13_external_cancellation_then_expiry_during_the_cleanup) {
    auto task = loop.create_task([&]() -> Coro<> {
        co_await async_with(timeout(2s), [&](Timeout&) -> Coro<> {
            try {
                co_await sleep(1h);
            } catch (const CancelledError&) {
                trace("first");
            }
            try {
                co_await sleep(1h);
            } catch (const CancelledError&) {
                trace("second");
                throw;
            }
        });
    });
    loop.call_later(1s, [task] { task.cancel("m"); });
    EXPECT_EQ(outcome(task), "cancelled");
    EXPECT_EQ(task.cancelling(), 1u);
    EXPECT_EQ(trace.str(), "first second");
}

TEST_P(TimeoutTest, TMO_13_a_cancellation_of_the_body_itself) {
    const auto main = [&]() -> Coro<> {
        co_await async_with(timeout(1s), [](Timeout&) -> Coro<> {
            throw CancelledError("own");
            co_return;
        });
    };
    EXPECT_EQ(outcome(main), "cancelledown");
}

TEST_P(TimeoutTest, TMO_14_entered_with_an_open_request) {
    auto task = loop.create_task([&]() -> Coro<> {
        try {
            co_await sleep(1h);
        } catch (const CancelledError&) {
        }
        try {
            co_await async_with(timeout(1s), [](Timeout&) -> Coro<> { co_await sleep(1h); });
        } catch (const TimeoutError&) {
            trace("timeout", me().cancelling());
        }
    });
    loop.call_later(1s, [task] { task.cancel(); });
    EXPECT_EQ(outcome(task), "ok");
    EXPECT_EQ(trace.str(), "timeout1");
}

TEST_P(TimeoutTest, TMO_15_no_timer_is_left) {
    run([&]() -> Coro<> {
        static_cast<void>(timeout(1h));
        co_await async_with(timeout(1h), [](Timeout&) -> Coro<> { co_await sleep(1s); });
        try {
            co_await async_with(timeout(1h), [](Timeout&) -> Coro<> {
                throw std::runtime_error("x");
                co_return;
            });
        } catch (const std::runtime_error&) {
        }
    });
    // With a timer left, the clock would jump to it; without one, the loop would wait for ever.
    EXPECT_THROW(loop.run_forever(), asyncio::RuntimeError);
    EXPECT_EQ(elapsed(), 1s);
}

TEST_P(TimeoutTest, TMO_15_the_deadline_is_due_in_the_iteration_that_leaves_the_body) {
    run([&]() -> Coro<> {
        auto gate = loop.create_future<void>();
        loop.call_at(start + 1s, [&] { gate.set_result(); });
        try {
            co_await async_with(timeout(1s), [&](Timeout&) -> Coro<> { co_await gate; });
            trace("result");
        } catch (const TimeoutError&) {
            trace("timeout");  // ORD-21: both timers are due in one iteration
        }
        auto ready = loop.create_future<void>();
        loop.call_soon([&] { ready.set_result(); });
        co_await async_with(timeout(0s), [&](Timeout&) -> Coro<> {
            co_return;  // leaves while the alarm is in the ready queue
        });
        co_await ready;
    });
    EXPECT_EQ(trace.str(), "timeout");
}

TEST_P(TimeoutTest, ORD_15_no_extra_hop_and_the_cancellation_one_iteration_after_the_deadline) {
    run([&]() -> Coro<> {
        const Ticks ticks(loop);
        co_await async_with(timeout(1h), [](Timeout&) -> Coro<> { co_return; });
        EXPECT_EQ(ticks.now(), 0);
        int deadline = 0;
        loop.call_later(1s, [&] { deadline = ticks.now(); });
        int inside = 0;
        try {
            co_await async_with(timeout(1s), [&](Timeout&) -> Coro<> {
                try {
                    co_await sleep(1h);
                } catch (const CancelledError&) {
                    inside = ticks.now();
                    throw;
                }
            });
        } catch (const TimeoutError&) {
            EXPECT_EQ(ticks.now(), inside);
        }
        EXPECT_EQ(inside - deadline, 1);
    });
}

TEST_P(TimeoutTest, TMO_2_a_body_that_returns_what_can_only_be_moved) {
    const auto value = run([&]() -> Coro<std::unique_ptr<int>> {
        co_return co_await async_with(timeout(1s), [](Timeout&) -> Coro<std::unique_ptr<int>> {
            co_await sleep(1ms);
            co_return std::make_unique<int>(3);
        });
    });
    EXPECT_EQ(*value, 3);
}

TEST_P(TimeoutTest, LOOP_11_a_loop_closed_inside_the_body) {
    auto task = loop.create_task(
        [&]() -> Coro<> { co_await async_with(timeout(1h), [](Timeout&) -> Coro<> { co_await sleep(2h); }); });
    loop.stop();
    loop.run_forever();
    loop.close();
    EXPECT_FALSE(task.done());
}

}  // namespace
