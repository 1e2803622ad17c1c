#include "stream_pair.hpp"
#include "support/gate.hpp"
#include "support/loops.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/net/resolve.hpp>
#include <asyncio/testing/fault_plan.hpp>

#include <gtest/gtest.h>

#include <dlfcn.h>
#include <netdb.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

using asyncio::Coro;
using asyncio::testing::FaultPlan;
using asyncio::testing::SystemCall;

namespace {

/// The look-ups of the name "held", which wait until the test lets them go.
struct Held {
    std::mutex mutex;
    std::condition_variable changed;
    bool open = false;
    int running = 0;
    int most_running = 0;
    int calls = 0;

    void pass() {
        std::unique_lock lock(mutex);
        ++calls;
        most_running = std::max(most_running, ++running);
        changed.wait(lock, [this] { return open; });
        --running;
    }
    void let_go() {
        const std::lock_guard lock(mutex);
        open = true;
        changed.notify_all();
    }
    int running_now() {
        const std::lock_guard lock(mutex);
        return running;
    }
};

Held* held = nullptr;

}  // namespace

/// Stands in for the system's function, in the whole program.
extern "C" int getaddrinfo(const char* host, const char* service, const addrinfo* hints, addrinfo** list) {
    if (host != nullptr && std::string_view(host) == "held") {
        held->pass();
        return EAI_NONAME;
    }
    static const auto of_system = reinterpret_cast<decltype(&getaddrinfo)>(::dlsym(RTLD_NEXT, "getaddrinfo"));
    return of_system(host, service, hints, list);
}

class ResolveLimit : public support::OnEachDriver {
protected:
    void SetUp() override {
        if (simulated()) GTEST_SKIP() << "has no look-ups";
        held = &lookups_;
    }
    void TearDown() override {
        lookups_.let_go();
        EXPECT_TRUE(support::eventually([this] { return lookups_.running_now() == 0; }));
        OnEachDriver::TearDown();
    }

    /// Starts so many look-ups, and waits until as many run as may.
    void start(int count) {
        for (int i = 0; i < count; ++i) tasks_.push_back(loop.create_task(asyncio::resolve("held", 1)));
        run_once();
        EXPECT_TRUE(support::eventually([this] { return lookups_.running_now() == limit_; }));
    }
    Coro<> all_ended() {
        for (auto& task : tasks_) co_await support::ended(task);
    }

    const int limit_ = std::min(32, asyncio::detail::sys::count_of_processors() + 4);
    Held lookups_;
    std::vector<asyncio::Task<std::vector<asyncio::SocketAddress>>> tasks_;
};
ASYNCIO_ON_EACH_DRIVER(ResolveLimit);

TEST_P(ResolveLimit, CONN_3_further_look_ups_wait_for_a_thread) {
    FaultPlan plan;
    start(100);
    EXPECT_LE(plan.seen(SystemCall::start_thread), static_cast<std::uint64_t>(limit_));
    lookups_.let_go();
    run(all_ended());
    for (auto& task : tasks_) EXPECT_THROW(static_cast<void>(task.result()), asyncio::gaierror);
    EXPECT_EQ(lookups_.calls, 100);
    EXPECT_EQ(lookups_.most_running, limit_);
}

TEST_P(ResolveLimit, CONN_3_a_look_up_cancelled_while_it_waits_is_not_made) {
    start(limit_ + 10);
    for (auto& task : tasks_) task.cancel();
    run(all_ended());
    for (auto& task : tasks_) EXPECT_TRUE(task.cancelled());
    tasks_.assign(1, loop.create_task(asyncio::resolve("held", 1)));
    run_once();
    lookups_.let_go();
    run(all_ended());
    EXPECT_EQ(lookups_.calls, limit_ + 1);
}

TEST_P(ResolveLimit, CONN_3_a_further_thread_that_cannot_be_started_loses_no_look_up) {
    tasks_.push_back(loop.create_task(asyncio::resolve("held", 1)));
    run_once();
    FaultPlan plan;
    plan.fail(SystemCall::start_thread, EAGAIN);
    tasks_.push_back(loop.create_task(asyncio::resolve("held", 1)));
    run_once();
    lookups_.let_go();
    run(all_ended());
    for (auto& task : tasks_) EXPECT_THROW(static_cast<void>(task.result()), asyncio::gaierror);
}

TEST_P(ResolveLimit, CONN_3_a_first_thread_that_cannot_be_started_fails_the_look_up) {
    FaultPlan plan;
    plan.fail(SystemCall::start_thread, EAGAIN);
    lookups_.let_go();
    // A thread of an earlier test may still be about to end, and takes the look-up.
    const auto refused = [this] {
        try {
            run(asyncio::resolve("held", 1));
        } catch (const asyncio::gaierror&) {
        } catch (const std::system_error& error) {
            EXPECT_EQ(error.code(), std::errc::resource_unavailable_try_again);
            EXPECT_STREQ(error.what(), "start a thread to look up 'held': Resource temporarily unavailable");
            return true;
        }
        return false;
    };
    EXPECT_TRUE(support::eventually(refused));
}
