#include <asyncio/asyncio.hpp>
#include <asyncio/testing/counters.hpp>
#include <asyncio/testing/run_virtual.hpp>

#include <gtest/gtest.h>

namespace {

using asyncio::Coro;
using asyncio::testing::Counters;

Coro<int> give(int value) {
    co_return value;
}

TEST(EagerAllocations, EAG_8_nothing_beyond_frame_and_state) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    constexpr std::uint64_t frame_and_state = 2;  // the pool is plain malloc
#else
    constexpr std::uint64_t frame_and_state = 0;  // both come from the pool
#endif
    asyncio::testing::run_virtual([]() -> Coro<> {
        asyncio::get_running_loop().set_task_factory(asyncio::eager_task_factory);
        static_cast<void>(co_await asyncio::create_task(give(0)));  // fills the pool
        const Counters before = Counters::now();
        for (int i = 0; i < 100; ++i) EXPECT_EQ(co_await asyncio::create_task(give(i)), i);
        const Counters cost = Counters::now() - before;
        EXPECT_EQ(cost.heap(), 100 * frame_and_state) << cost.to_string();
        EXPECT_EQ(cost.wakeups, 0U);
    });
}

}  // namespace
