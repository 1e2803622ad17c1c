#include <asyncio/task/wait_for.hpp>

#include "support/loops.hpp"
#include "support/ticks.hpp"
#include "support/trace.hpp"

#include <asyncio/task/gather.hpp>
#include <asyncio/task/run_until_complete.hpp>
#include <asyncio/task/shield.hpp>
#include <asyncio/task/sleep.hpp>
#include <asyncio/task/task_group.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>

namespace {

using namespace std::chrono_literals;
using asyncio::async_with;
using asyncio::CancelledError;
using asyncio::Coro;
using asyncio::sleep;
using asyncio::TimeoutError;
using asyncio::wait_for;
using support::Ticks;

asyncio::AnyTask me() {
    return *asyncio::current_task();
}

Coro<int> value_after(asyncio::Clock::duration delay, int value) {
    co_await sleep(delay);
    co_return value;
}

class WaitFor : public support::OnEachDriver {
public:
    template <class Main>
    std::string outcome(Main&& main) {
        try {
            if constexpr (requires { std::to_string(run(std::forward<Main>(main))); }) {
                return std::to_string(run(std::forward<Main>(main)));
            } else {
                run(std::forward<Main>(main));
                return "ok";
            }
        } catch (const TimeoutError&) {
            return "timeout";
        } catch (const std::exception& error) {
            return error.what();
        } catch (const CancelledError& error) {
            return "cancelled" + error.message();
        }
    }
    /// Sleeps for ever, takes `cleanup` to end when it is cancelled, and then gives a value all the same.
    Coro<int> stubborn(asyncio::Clock::duration cleanup, int value) {
        try {
            co_await sleep(1h);
        } catch (const CancelledError&) {
        }
        co_await sleep(cleanup);
        trace("cleaned");
        co_return value;
    }
    /// The same, but it lets itself be cancelled.
    Coro<int> obedient(asyncio::Clock::duration cleanup) {
        bool cancelled = false;
        try {
            co_await sleep(1h);
        } catch (const CancelledError&) {
            cancelled = true;
        }
        co_await sleep(cleanup);
        trace("cleaned");
        if (cancelled) throw CancelledError();
        co_return 0;
    }
    [[nodiscard]] asyncio::Clock::duration elapsed() const { return loop.time() - start; }

    asyncio::Clock::time_point start = loop.time();
    support::Trace trace;
};
ASYNCIO_ON_VIRTUAL_CLOCK_AND_EAGER(WaitFor);

TEST_P(WaitFor, WF_2_the_inner_one_is_waited_for_to_its_end) {
    run([&]() -> Coro<> {
        auto task = asyncio::create_task(obedient(5s));
        try {
            co_await wait_for(task, 1s);
        } catch (const TimeoutError& error) {
            trace("timeout");
            EXPECT_THROW(std::rethrow_exception(error.cause()), CancelledError);
        }
        EXPECT_TRUE(task.cancelled());
        EXPECT_EQ(me().cancelling(), 0u);
        EXPECT_EQ(elapsed(), 6s);
    });
    EXPECT_EQ(trace.str(), "cleaned timeout");
}

TEST_P(WaitFor, WF_2_a_coroutine_likewise) {
    EXPECT_EQ(outcome([&]() -> Coro<> { co_await wait_for(obedient(5s), 1s); }), "timeout");
    EXPECT_EQ(elapsed(), 6s);
}

TEST_P(WaitFor, WF_9_a_shielded_task_keeps_running) {
    run([&]() -> Coro<> {
        auto task = asyncio::create_task(value_after(3s, 5));
        EXPECT_THROW(co_await wait_for(asyncio::shield(task), 1s), TimeoutError);
        EXPECT_EQ(elapsed(), 1s);
        EXPECT_FALSE(task.done());
        EXPECT_EQ(task.cancelling(), 0u);
        EXPECT_EQ(co_await task, 5);
        EXPECT_EQ(elapsed(), 3s);
    });
}

TEST_P(WaitFor, WF_3_the_inner_one_refuses_or_fails) {
    EXPECT_EQ(outcome([&]() -> Coro<int> { co_return co_await wait_for(stubborn(1s, 3), 1s); }), "3");
    EXPECT_EQ(outcome([&]() -> Coro<int> {
                  auto task = asyncio::create_task(stubborn(1s, 4));
                  co_return co_await wait_for(task, 1s);
              }),
              "4");
    const auto fails = [&]() -> Coro<> {
        co_await wait_for(
            []() -> Coro<> {
                try {
                    co_await sleep(1h);
                } catch (const CancelledError&) {
                    throw std::runtime_error("other");
                }
            },
            1s);
    };
    EXPECT_EQ(outcome(fails), "other");
}

TEST_P(WaitFor, WF_4_without_time_a_coroutine_never_starts) {
    const auto main = [&]() -> Coro<> {
        co_await wait_for(
            [&]() -> Coro<> {
                trace("started");
                co_return;
            },
            0s);
    };
    EXPECT_EQ(outcome(main), "timeout");
    EXPECT_EQ(outcome([&]() -> Coro<> { co_await wait_for(value_after(0s, 1), -1s); }), "timeout");
    EXPECT_EQ(outcome([&]() -> Coro<> { co_await wait_for(sleep(0s), 0s); }), "timeout");
    EXPECT_EQ(trace.str(), "");
}

TEST_P(WaitFor, WF_4_without_time_a_future) {
    const auto main = [&]() -> Coro<int> {
        auto done = loop.create_future<int>();
        done.set_result(1);
        EXPECT_EQ(co_await wait_for(done, 0s), 1);
        auto pending = loop.create_future<int>();
        bool timed_out = false;
        try {
            co_await wait_for(pending, 0s);
        } catch (const TimeoutError&) {
            timed_out = true;
        }
        EXPECT_TRUE(timed_out);
        EXPECT_TRUE(pending.cancelled());
        auto task = asyncio::create_task(stubborn(1s, 5));
        co_await sleep(0s);
        co_return co_await wait_for(task, 0s);
    };
    EXPECT_EQ(outcome(main), "5");
}

TEST_P(WaitFor, WF_4_without_time_a_gathering) {
    auto future = loop.create_future<int>();
    // A gathering that is cancelled is not cancelled() but has failed with CancelledError (GAT-6).
    const auto main = [&]() -> Coro<> { co_await wait_for(asyncio::gather(future), 0s); };
    EXPECT_EQ(outcome(main), "timeout");
    EXPECT_TRUE(future.cancelled());
}

TEST_P(WaitFor, WF_4_cancelled_while_it_waits_for_one_that_refuses) {
    auto inner = loop.create_task(stubborn(1h, 5));
    auto outer = loop.create_task([&]() -> Coro<> {
        co_await sleep(0s);
        co_await wait_for(inner, 0s);
    });
    loop.call_later(1s, [outer] { outer.cancel("m"); });
    EXPECT_EQ(outcome(outer), "cancelledm");
    EXPECT_EQ(outcome(inner), "5");
}

TEST_P(WaitFor, WF_5_the_caller_is_cancelled) {
    auto inner = loop.create_task(value_after(1h, 1));
    auto outer = loop.create_task([&]() -> Coro<> { co_await wait_for(inner, 2h); });
    loop.call_later(1s, [outer] { outer.cancel("m"); });
    EXPECT_EQ(outcome(outer), "cancelledm");
    EXPECT_TRUE(inner.cancelled());
    EXPECT_EQ(elapsed(), 1s);
}

TEST_P(WaitFor, WF_6_external_cancel_and_timeout_meet) {
    for (const bool cancel_first : {true, false}) {
        auto future = loop.create_future<int>();
        const auto deadline = loop.time() + 1s;
        std::shared_ptr<asyncio::Task<void>> outer;
        if (cancel_first) loop.call_at(deadline, [&] { outer->cancel("m"); });
        outer =
            std::make_shared<asyncio::Task<void>>(loop.create_task([&]() -> Coro<> { co_await wait_for(future, 1s); }));
        loop.stop();
        loop.run_forever();
        if (!cancel_first) loop.call_at(deadline, [&] { outer->cancel("m"); });
        EXPECT_EQ(outcome(*outer).substr(0, 9), "cancelled");
        EXPECT_EQ(outer->cancelling(), 1u);
    }
}

TEST_P(WaitFor, WF_7_the_inner_one_is_cancelled_by_others) {
    const auto by_itself = [&]() -> Coro<> {
        co_await wait_for(
            []() -> Coro<> {
                co_await sleep(1s);
                throw CancelledError("self");
            },
            1h);
    };
    EXPECT_EQ(outcome(by_itself), "cancelledself");
    auto future = loop.create_future<int>();
    loop.call_later(1s, [future] { future.cancel("outside"); });
    EXPECT_EQ(outcome([&]() -> Coro<> { co_await wait_for(future, 1h); }), "cancelledoutside");
}

TEST_P(WaitFor, WF_8_ORD_21_result_and_deadline_in_one_iteration) {
    auto future = loop.create_future<int>();
    loop.call_at(start + 1s, [&] { future.set_result(1); });
    EXPECT_EQ(outcome([&]() -> Coro<> { co_await wait_for(future, 1s); }), "timeout");
    EXPECT_EQ(future.result(), 1);
}

TEST_P(WaitFor, WF_8_ORD_21_a_result_of_an_earlier_iteration_wins) {
    auto future = loop.create_future<int>();
    loop.call_at(start + 1s - 1ns, [&] {
        future.set_result(1);
        static_cast<asyncio::SimulatedDriver&>(loop.driver())
            .advance(1s);  // the deadline is due before the wake-up runs
    });
    EXPECT_EQ(outcome([&]() -> Coro<int> { co_return co_await wait_for(future, 1s); }), "1");
}

TEST_P(WaitFor, WF_8_ORD_22_the_sleep_of_a_task_and_the_deadline_in_one_iteration) {
    auto task = loop.create_task(value_after(1s, 1));
    EXPECT_EQ(outcome([&]() -> Coro<> { co_await wait_for(task, 1s); }), "timeout");
    EXPECT_TRUE(task.cancelled());
}

TEST_P(WaitFor, WF_10_an_exception_before_the_timeout_and_no_timer_left) {
    const auto main = [&]() -> Coro<> {
        co_await wait_for(
            []() -> Coro<> {
                co_await sleep(1s);
                throw std::runtime_error("early");
            },
            1h);
    };
    EXPECT_EQ(outcome(main), "early");
    EXPECT_EQ(outcome([&]() -> Coro<int> { co_return co_await wait_for(value_after(1s, 2), 1h); }), "2");
    EXPECT_THROW(loop.run_forever(), asyncio::RuntimeError);  // nothing is left to wait for
    EXPECT_EQ(elapsed(), 2s);
}

TEST_P(WaitFor, WF_1_a_coroutine_runs_inside_the_calling_task) {
    run([&]() -> Coro<> {
        const auto caller = me();
        const int value = co_await wait_for(
            [&]() -> Coro<int> {
                EXPECT_EQ(me(), caller);
                co_return 1;
            },
            1s);
        EXPECT_EQ(value, 1);
        EXPECT_EQ(asyncio::all_tasks().size(), 1u);
    });
}

TEST_P(WaitFor, WF_1_without_limit_and_every_kind_of_awaitable) {
    run([&]() -> Coro<> {
        EXPECT_EQ(co_await wait_for(value_after(1h, 1), std::nullopt), 1);
        co_await wait_for(sleep(1s), 1h);
        EXPECT_EQ(co_await wait_for(sleep(1s, 7), 1h), 7);
        auto coro = value_after(1s, 2);
        EXPECT_EQ(co_await wait_for(coro, 1h), 2);
        const auto named = [&]() -> Coro<int> { co_return 3; };
        EXPECT_EQ(co_await wait_for(named, 1h), 3);
        auto pointer =
            co_await wait_for([]() -> Coro<std::unique_ptr<int>> { co_return std::make_unique<int>(4); }, 1h);
        EXPECT_EQ(*pointer, 4);
        int target = 5;
        int& reference = co_await wait_for([&]() -> Coro<int&> { co_return target; }, 1h);
        EXPECT_EQ(&reference, &target);
        co_await wait_for(sleep(1s), asyncio::Clock::duration::max());
    });
    EXPECT_EQ(outcome([&]() -> Coro<> { co_await wait_for(sleep(1h), 1s); }), "timeout");
}

TEST_P(WaitFor, ORD_15_hops) {
    run([&]() -> Coro<> {
        const Ticks ticks(loop);
        EXPECT_EQ(co_await wait_for([]() -> Coro<int> { co_return 1; }, 1s), 1);
        EXPECT_EQ(ticks.now(), 0);

        int ended = 0;
        co_await wait_for(asyncio::create_task([&]() -> Coro<> {
                              co_await sleep(0s);
                              ended = ticks.now();
                          }),
                          1s);
        EXPECT_EQ(ticks.now() - ended, 1);

        const auto hops_to_timeout = [&](auto awaitable) -> Coro<int> {
            int deadline = 0;
            loop.call_later(1s, [&] { deadline = ticks.now(); });
            try {
                co_await wait_for(std::move(awaitable), 1s);
            } catch (const TimeoutError&) {
            }
            co_return ticks.now() - deadline;
        };
        EXPECT_EQ(co_await hops_to_timeout(loop.create_future<int>()), 1);
        EXPECT_EQ(co_await hops_to_timeout(value_after(1h, 1)), 1);
        EXPECT_EQ(co_await hops_to_timeout(asyncio::create_task(value_after(1h, 1))), 2);
    });
}

TEST_P(WaitFor, WF_4_hops_without_time) {
    run([&]() -> Coro<> {
        const Ticks ticks(loop);
        const auto hops = [&](auto awaitable) -> Coro<int> {
            const int before = ticks.now();
            try {
                co_await wait_for(std::move(awaitable), 0s);
            } catch (const TimeoutError&) {
            }
            co_return ticks.now() - before;
        };
        EXPECT_EQ(co_await hops(loop.create_future<int>()), 2);
        EXPECT_EQ(co_await hops(value_after(0s, 1)), 3);
    });
}

TEST_P(WaitFor, WF_1_wherever_a_coroutine_can_go) {
    EXPECT_EQ(loop.run_until_complete(wait_for(value_after(1ms, 1), 1h)), 1);
    const auto returns_it = [] { return wait_for(value_after(1ms, 2), 1h); };
    EXPECT_EQ(loop.run_until_complete(returns_it), 2);
    run([&]() -> Coro<> {
        Coro<int> kept = wait_for(value_after(1ms, 3), 1h);
        EXPECT_EQ(co_await std::move(kept), 3);
        EXPECT_EQ(co_await asyncio::create_task(returns_it), 2);
        asyncio::TaskGroup group;
        co_await async_with(group, [&](asyncio::TaskGroup& tasks) -> Coro<> {
            tasks.create_task(wait_for(value_after(1ms, 4), 1h));
            co_return;
        });
        // The body is an ordinary function that returns what async_with returns.
        const auto nested = [&](asyncio::Timeout&) {
            return async_with(asyncio::timeout(1h), [](asyncio::Timeout&) { return value_after(1ms, 5); });
        };
        EXPECT_EQ(co_await async_with(asyncio::timeout(1h), nested), 5);
    });
}

TEST_P(WaitFor, WF_1_durations_of_unsigned_numbers) {
    const std::chrono::duration<std::uint64_t, std::milli> limit(500);
    run([&]() -> Coro<> {
        EXPECT_EQ(co_await wait_for(value_after(1ms, 1), limit), 1);
        const auto before = loop.time();
        co_await sleep(std::chrono::duration<std::uint64_t, std::micro>(500));
        EXPECT_GE(loop.time() - before, 500us);
    });
}

TEST_P(WaitFor, LOOP_11_a_loop_closed_during_the_wait) {
    auto task = loop.create_task([&]() -> Coro<> { co_await wait_for(value_after(1h, 1), 2h); });
    auto other = loop.create_task([&]() -> Coro<> { co_await wait_for(loop.create_future<int>(), 2h); });
    loop.stop();
    loop.run_forever();
    loop.close();
    EXPECT_FALSE(task.done() || other.done());
}

}  // namespace
