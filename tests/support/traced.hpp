#pragma once

#include "support/loops.hpp"
#include "support/trace.hpp"

#include <asyncio/base/exceptions.hpp>
#include <asyncio/loop/event_loop.hpp>
#include <asyncio/task/coro.hpp>
#include <asyncio/task/task.hpp>

#include <gtest/gtest.h>

#include <string>
#include <type_traits>
#include <utility>

namespace support {

/// OnEachDriver with tasks that say in a trace how their wait has ended.
class TracedOnEachDriver : public OnEachDriver {
public:
    /// A task that awaits what `wait()` gives (true, if it gives a bool) and traces its name; when it is cancelled
    /// before, "c" and the name. Then it awaits `then()`.
    template <class Wait, class Then>
    asyncio::Task<void> traced(std::string name, Wait wait, Then then) {
        return loop.create_task([this, name = std::move(name), wait, then]() -> asyncio::Coro<> {
            try {
                if constexpr (std::is_same_v<asyncio::AwaitResult<decltype(wait())>, bool>) {
                    EXPECT_TRUE(co_await wait());
                } else {
                    co_await wait();
                }
            } catch (const asyncio::CancelledError&) {
                trace("c", name);
                throw;
            }
            trace(name);
            co_await then();
        });
    }
    template <class Wait>
    asyncio::Task<void> traced(std::string name, Wait wait) {
        return traced(std::move(name), wait, []() -> asyncio::Coro<> { co_return; });
    }

    Trace trace;
};

}  // namespace support
