#include <asyncio/loop/policy.hpp>

#include "support/lives.hpp"
#include "support/loops.hpp"

#include <asyncio/base/exceptions.hpp>
#include <asyncio/loop/driver/simulated.hpp>
#include <asyncio/loop/event_loops.hpp>
#include <asyncio/testing/captured_log.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>

namespace {

using asyncio::AbstractEventLoopPolicy;
using asyncio::DefaultEventLoopPolicy;
using asyncio::EventLoop;
using asyncio::RuntimeError;

/// A process-wide thing: every test starts and leaves with the default policy, which remembers nothing.
class Policy : public ::testing::Test {
protected:
    void SetUp() override { asyncio::set_event_loop_policy(nullptr); }
    void TearDown() override { asyncio::set_event_loop_policy(nullptr); }
};

template <class F>
void in_thread(F f) {
    std::thread(f).join();
}

TEST_F(Policy, POL_1_get_running_loop_only_inside_callbacks) {
    EventLoop loop;
    asyncio::set_event_loop(&loop);
    EXPECT_THROW(static_cast<void>(asyncio::get_running_loop()), RuntimeError);  // a current loop does not run
    EventLoop* seen = nullptr;
    loop.call_soon([&] { seen = &asyncio::get_running_loop(); });
    loop.stop();
    loop.run_forever();
    EXPECT_EQ(seen, &loop);
    EXPECT_THROW(static_cast<void>(asyncio::get_running_loop()), RuntimeError);
    loop.close();
}

TEST_F(Policy, POL_2_the_running_loop_goes_before_the_current_one) {
    EventLoop current;
    EventLoop running;
    asyncio::set_event_loop(&current);
    EventLoop* seen = nullptr;
    running.call_soon([&] { seen = &asyncio::get_event_loop(); });
    running.stop();
    running.run_forever();
    EXPECT_EQ(seen, &running);
    EXPECT_EQ(&asyncio::get_event_loop(), &current);
    current.close();
    running.close();
}

TEST_F(Policy, POL_2_the_first_thread_gets_a_loop_when_it_never_set_one) {
    asyncio::testing::CapturedLog log;
    EventLoop& made = asyncio::get_event_loop();
    EXPECT_EQ(&asyncio::get_event_loop(), &made);
    EXPECT_FALSE(made.is_closed());
    bool ran = false;
    made.call_soon([&] { ran = true; });
    made.stop();
    made.run_forever();
    EXPECT_TRUE(ran);
    made.close();
    EXPECT_EQ(&asyncio::get_event_loop(), &made);
}

TEST_F(Policy, POL_2_and_6_another_thread_has_none_and_is_told_what_to_do) {
    in_thread([] {
        try {
            static_cast<void>(asyncio::get_event_loop());
            ADD_FAILURE();
        } catch (const RuntimeError& error) {
            const std::string text = error.what();
            EXPECT_EQ(text.find("There is no current event loop in thread '"), 0U) << text;
            EXPECT_NE(text.find("set_event_loop()"), std::string::npos) << text;
        }
    });
}

TEST_F(Policy, POL_3_after_set_to_none_the_first_thread_gets_none_either) {
    asyncio::set_event_loop(nullptr);
    EXPECT_THROW(static_cast<void>(asyncio::get_event_loop()), RuntimeError);
    EventLoop loop;
    asyncio::set_event_loop(&loop);
    EXPECT_EQ(&asyncio::get_event_loop(), &loop);
    asyncio::set_event_loop(nullptr);
    EXPECT_THROW(static_cast<void>(asyncio::get_event_loop()), RuntimeError);
    loop.close();
}

TEST_F(Policy, POL_4_is_thread_local_and_gives_a_closed_loop_back) {
    EventLoop mine;
    asyncio::set_event_loop(&mine);
    in_thread([&] {
        EXPECT_THROW(static_cast<void>(asyncio::get_event_loop()), RuntimeError);
        EventLoop other;
        asyncio::set_event_loop(&other);
        EXPECT_EQ(&asyncio::get_event_loop(), &other);
        other.close();
        EXPECT_EQ(&asyncio::get_event_loop(), &other);
    });
    EXPECT_EQ(&asyncio::get_event_loop(), &mine);
    mine.close();
}

TEST_F(Policy, POL_4_does_not_own_and_forgets_a_loop_that_is_destroyed) {
    {
        EventLoop temporary;
        asyncio::set_event_loop(&temporary);
        temporary.close();
    }
    EXPECT_THROW(static_cast<void>(asyncio::get_event_loop()), RuntimeError);
}

TEST_F(Policy, POL_5_new_event_loop_does_not_become_the_current_one) {
    asyncio::set_event_loop(nullptr);
    const std::unique_ptr<EventLoop> loop = asyncio::new_event_loop();
    EXPECT_FALSE(loop->is_closed() || loop->is_running());
    EXPECT_THROW(static_cast<void>(asyncio::get_event_loop()), RuntimeError);
    loop->close();
}

TEST_F(Policy, POL_6_the_recipe_for_a_thread_of_ones_own) {
    in_thread([] {
        const auto loop = asyncio::new_event_loop();
        asyncio::set_event_loop(loop.get());
        EXPECT_EQ(&asyncio::get_event_loop(), loop.get());
        loop->close();
    });
}

/// Counts what it is asked.
class CountingPolicy final : public DefaultEventLoopPolicy {
public:
    explicit CountingPolicy(std::shared_ptr<void> life = nullptr) : life_(std::move(life)) {}
    EventLoop& get_event_loop() override { return ++gets, DefaultEventLoopPolicy::get_event_loop(); }
    void set_event_loop(EventLoop* loop) override { ++sets, DefaultEventLoopPolicy::set_event_loop(loop); }
    std::unique_ptr<EventLoop> new_event_loop() override {
        ++news;
        return std::make_unique<EventLoop>(std::make_unique<asyncio::SimulatedDriver>());
    }
    int gets = 0, sets = 0, news = 0;

private:
    std::shared_ptr<void> life_;
};

TEST_F(Policy, POL_7_a_new_policy_starts_without_a_current_loop_and_leaves_loops_alone) {
    EventLoop loop;
    asyncio::set_event_loop(&loop);
    auto policy = std::make_shared<CountingPolicy>();
    asyncio::set_event_loop_policy(policy);
    EXPECT_EQ(asyncio::get_event_loop_policy(), policy);
    EXPECT_NE(&asyncio::get_event_loop(), &loop);  // one of its own, in the first thread
    EXPECT_EQ(policy->news, 1);
    asyncio::get_event_loop().close();
    EXPECT_FALSE(loop.is_closed());
    asyncio::set_event_loop_policy(nullptr);  // the default again, a new one
    EXPECT_NE(asyncio::get_event_loop_policy(), policy);
    asyncio::set_event_loop(nullptr);
    EXPECT_THROW(static_cast<void>(asyncio::get_event_loop()), RuntimeError);
    asyncio::set_event_loop_policy(policy);  // which remembers still
    EXPECT_NO_THROW(static_cast<void>(asyncio::get_event_loop()));
    loop.close();
}

TEST_F(Policy, POL_7_holds_for_the_whole_process) {
    auto policy = std::make_shared<CountingPolicy>();
    asyncio::set_event_loop_policy(policy);
    in_thread([&] {
        EXPECT_EQ(asyncio::get_event_loop_policy(), policy);
        asyncio::new_event_loop()->close();
    });
    EXPECT_EQ(policy->news, 1);
}

TEST_F(Policy, POL_7_a_policy_lives_as_long_as_it_is_used) {
    support::Lives lives;
    asyncio::set_event_loop_policy(
        std::make_shared<CountingPolicy>(std::make_shared<support::Lives::One>(lives.one())));
    EXPECT_EQ(lives.now(), 1);
    asyncio::get_event_loop().close();
    asyncio::set_event_loop_policy(nullptr);
    EXPECT_EQ(lives.now(), 0);
}

TEST_F(Policy, POL_8_the_functions_ask_the_policy) {
    auto policy = std::make_shared<CountingPolicy>();
    asyncio::set_event_loop_policy(policy);
    const auto loop = asyncio::new_event_loop();
    asyncio::set_event_loop(loop.get());
    EXPECT_EQ(&asyncio::get_event_loop(), loop.get());
    EXPECT_EQ(policy->news, 1);
    EXPECT_EQ(policy->sets, 1);
    EXPECT_EQ(policy->gets, 1);
    loop->call_soon([] { static_cast<void>(asyncio::get_event_loop()); });
    loop->stop();
    loop->run_forever();
    EXPECT_EQ(policy->gets, 1);  // a running loop needs no policy
    loop->close();
}

TEST_F(Policy, POL_9_default_selector_and_proactor_policies) {
    EXPECT_NE(std::dynamic_pointer_cast<DefaultEventLoopPolicy>(asyncio::get_event_loop_policy()), nullptr);
    asyncio::set_event_loop_policy(std::make_shared<asyncio::SelectorEventLoopPolicy>());
    const auto loop = asyncio::new_event_loop();
    EXPECT_NE(dynamic_cast<asyncio::SelectorEventLoop*>(loop.get()), nullptr);
    loop->close();
    asyncio::set_event_loop_policy(std::make_shared<asyncio::ProactorEventLoopPolicy>());
    EXPECT_THROW(static_cast<void>(asyncio::new_event_loop()), std::system_error);
}

TEST_F(Policy, POL_10_selector_and_proactor_loops) {
    asyncio::SelectorEventLoop loop;
    EXPECT_EQ(loop.driver().name(), "epoll");
    loop.close();
    asyncio::SelectorEventLoop of_own(std::make_unique<asyncio::SimulatedDriver>());
    EXPECT_NE(of_own.driver().name(), "epoll");
    of_own.close();
    EXPECT_THROW(asyncio::SelectorEventLoop(nullptr), std::invalid_argument);
    EXPECT_THROW(EventLoop(nullptr), std::invalid_argument);
    try {
        const asyncio::ProactorEventLoop proactor;
        ADD_FAILURE();
    } catch (const std::system_error& error) {
        EXPECT_EQ(error.code(), std::errc::function_not_supported);
        EXPECT_NE(std::string(error.what()).find("io_uring"), std::string::npos) << error.what();
    }
}

TEST_F(Policy, POL_11_the_default_loop_falls_back_silently) {
    asyncio::testing::CapturedLog log;
    EventLoop loop;
    EXPECT_EQ(loop.driver().name(), "epoll");
    loop.close();
    EXPECT_TRUE(log.lines().empty());
}

TEST_F(Policy, POL_15_threads_with_running_loops_are_separate) {
    EventLoop here;
    here.call_soon([&] {
        in_thread([&] {
            EXPECT_THROW(static_cast<void>(asyncio::get_running_loop()), RuntimeError);
            EventLoop there;
            EventLoop* seen = nullptr;
            there.call_soon([&] { seen = &asyncio::get_running_loop(); });
            there.stop();
            there.run_forever();
            EXPECT_EQ(seen, &there);
            there.close();
        });
        EXPECT_EQ(&asyncio::get_running_loop(), &here);
    });
    here.stop();
    here.run_forever();
    here.close();
}

}  // namespace
