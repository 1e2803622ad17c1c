// Handles: section 5 of the specification.

#include "support/lives.hpp"
#include "support/loops.hpp"
#include "support/reports.hpp"
#include "support/trace.hpp"

#include <asyncio/asyncio.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

namespace {

using namespace std::chrono_literals;

class HandleTest : public support::OnEachDriver {
public:
    support::Trace trace;
    support::Lives lives;
    asyncio::Handle other;
};
ASYNCIO_ON_EACH_DRIVER(HandleTest);

TEST_P(HandleTest, HND_1_cancel_before_it_runs_releases_the_callable_at_once) {
    auto soon = loop.call_soon([&, life = lives.one()] { trace("soon"); });
    auto later = loop.call_later(0ms, [&](const support::Lives::One&) { trace("later"); }, lives.one());
    EXPECT_EQ(lives.now(), 2);
    soon.cancel();
    later.cancel();
    EXPECT_EQ(lives.now(), 0);
    soon.cancel();
    later.cancel();
    EXPECT_TRUE(soon.cancelled() && later.cancelled());
    run_once();
    EXPECT_EQ(trace.str(), "");
}

TEST_P(HandleTest, HND_1_cancel_after_it_ran_only_sets_cancelled) {
    auto handle = loop.call_soon([&, life = lives.one()] { trace("ran"); });
    run_once();
    EXPECT_EQ(lives.now(), 0) << "released when it has run";
    EXPECT_FALSE(handle.cancelled()) << "HND-2";
    handle.cancel();
    EXPECT_TRUE(handle.cancelled());
    EXPECT_EQ(trace.str(), "ran");
}

TEST_P(HandleTest, HND_1_a_callable_that_cancels_its_own_handle) {
    // What it captured must stay until it has returned.
    asyncio::Handle soon;
    asyncio::TimerHandle timer;
    soon = loop.call_soon([&, text = std::string(100, 's'), life = lives.one()] {
        soon.cancel();
        EXPECT_EQ(lives.now(), 2);
        trace(text.substr(98));
    });
    timer = loop.call_later(0ms, [&, text = std::string(100, 't'), life = lives.one()] {
        timer.cancel();
        EXPECT_EQ(lives.now(), 1);
        trace(text.substr(98));
    });
    run_once();
    EXPECT_EQ(trace.str(), "ss tt");
    EXPECT_EQ(lives.now(), 0);
    EXPECT_TRUE(soon.cancelled() && timer.cancelled());
}

TEST_P(HandleTest, HND_1_a_callable_that_cancels_its_own_handle_in_debug_mode) {
    loop.set_debug(true);
    loop.slow_callback_duration = 1h;
    asyncio::Handle soon;
    soon = loop.call_soon([&, text = std::string(100, 's'), life = lives.one()] {
        soon.cancel();
        trace(text.substr(98));
    });
    run_once();
    EXPECT_EQ(trace.str(), "ss");
    EXPECT_EQ(lives.now(), 0);
}

TEST_P(HandleTest, HND_1_a_callable_that_captures_its_own_handle_and_is_cancelled) {
    auto shared = std::make_shared<asyncio::Handle>();
    *shared = loop.call_later(1h, [shared, life = lives.one()] {});
    const auto handle = std::move(shared);
    handle->cancel();
    EXPECT_EQ(lives.now(), 0);
}

TEST_P(HandleTest, HND_1_a_callable_that_captures_its_own_handle_when_the_loop_closes) {
    {
        auto timer = std::make_shared<asyncio::Handle>();
        *timer = loop.call_later(1h, [timer, life = lives.one()] {});
        auto soon = std::make_shared<asyncio::Handle>();
        *soon = loop.call_soon([soon, life = lives.one()] {});
    }
    EXPECT_EQ(lives.now(), 2);
    loop.close();
    EXPECT_EQ(lives.now(), 0);
}

TEST_P(HandleTest, HND_1_a_released_callable_may_queue_and_cancel) {
    struct OnRelease {
        HandleTest* test;
        explicit OnRelease(HandleTest* owner) : test(owner) {}
        OnRelease(const OnRelease&) = delete;
        OnRelease& operator=(const OnRelease&) = delete;
        ~OnRelease() {
            test->other.cancel();
            test->loop.call_soon([t = test] { t->trace("queued by a destructor"); });
        }
    };
    other = loop.call_soon([&] { trace("other"); });
    auto handle = loop.call_later(1h, [guard = std::make_unique<OnRelease>(this)] {});
    handle.cancel();
    run_once();
    EXPECT_EQ(trace.str(), "queued by a destructor");
    loop.call_soon([&, guard = std::make_unique<OnRelease>(this)] { trace("ran"); });
    run_once();
    EXPECT_EQ(trace.str(), "queued by a destructor ran");
    run_once();
    EXPECT_EQ(trace.str(), "queued by a destructor ran queued by a destructor");
}

TEST_P(HandleTest, LOOP_15_dropping_the_handle_does_not_cancel) {
    static_cast<void>(loop.call_soon([&] { trace("soon"); }));
    static_cast<void>(loop.call_later(0ms, [&] { trace("later"); }));
    run_once();
    EXPECT_EQ(trace.str(), "soon later");
}

TEST_P(HandleTest, HND_4_when_is_absolute_and_stays) {
    const auto when = loop.time() + 90min;
    auto handle = loop.call_at(when, [] {});
    EXPECT_EQ(handle.when(), when);
    handle.cancel();
    EXPECT_EQ(handle.when(), when);
    EXPECT_EQ(loop.call_later(asyncio::Clock::duration::max(), [] {}).when(), asyncio::Clock::time_point::max());
}

TEST_P(HandleTest, HND_5_timers_compare_by_when) {
    const auto now = loop.time();
    const auto early = loop.call_at(now + 1h, [] {});
    const auto late = loop.call_at(now + 2h, [] {});
    const auto same = loop.call_at(now + 1h, [] {});
    EXPECT_TRUE(early < late && late > early && early <= late && late >= early);
    EXPECT_FALSE(early < same || early > same);
    EXPECT_FALSE(early == same) << "another callback";
    const auto copy = early;
    EXPECT_TRUE(copy == early && copy <= early && copy >= early);
}

TEST_P(HandleTest, HND_6_text) {
    auto handle = loop.call_soon([] {});
    EXPECT_EQ(handle.repr().find("<Handle"), 0U);
    handle.cancel();
    EXPECT_EQ(handle.repr(), "<Handle cancelled>");
    auto timer = loop.call_later(1h, [] {});
    EXPECT_EQ(timer.repr().find("<TimerHandle when="), 0U);
    timer.cancel();
    EXPECT_EQ(timer.repr().find("<TimerHandle cancelled"), 0U);
}

TEST_P(HandleTest, HND_7_cancel_after_close_and_after_the_end_of_the_loop) {
    auto temporary = support::make_loop(GetParam());
    auto soon = temporary->call_soon([life = lives.one()] {});
    auto later = temporary->call_later(1h, [life = lives.one()] {});
    auto cancelled = temporary->call_later(1h, [life = lives.one()] {});
    cancelled.cancel();
    temporary->close();
    EXPECT_EQ(lives.now(), 0);
    soon.cancel();
    temporary.reset();
    later.cancel();
    cancelled.cancel();
    EXPECT_TRUE(soon.cancelled() && later.cancelled() && cancelled.cancelled());
}

TEST_P(HandleTest, an_empty_handle) {
    asyncio::TimerHandle none;
    none.cancel();
    EXPECT_FALSE(none);
    EXPECT_FALSE(none.cancelled());
    EXPECT_EQ(none.when(), asyncio::Clock::time_point());
}

TEST_P(HandleTest, LOOP_15_arguments_are_stored_by_value) {
    std::string text = "kept";
    loop.call_soon([&](const std::string& argument, int number) { trace(argument, number); }, text, 3);
    loop.call_soon([&](std::unique_ptr<int>& owned) { trace(*owned); }, std::make_unique<int>(7));
    loop.call_soon([&](std::string& reference) { trace(reference); }, std::ref(text));
    text = "changed";
    run_once();
    EXPECT_EQ(trace.str(), "kept3 7 changed");
}

TEST_P(HandleTest, a_callable_whose_copy_throws_queues_nothing) {
    struct Throws {
        Throws() = default;
        Throws(const Throws&) { throw std::runtime_error("copy"); }
        void operator()() const {}
    };
    const Throws callable;
    EXPECT_THROW(loop.call_soon(callable), std::runtime_error);
    EXPECT_THROW(loop.call_later(0ms, callable), std::runtime_error);
    EXPECT_THROW(loop.call_soon_threadsafe(callable), std::runtime_error);
    support::Reports reports(loop);
    run_once();
    EXPECT_TRUE(reports.contexts().empty());
}

}  // namespace
