#pragma once

#include <asyncio/task/coro.hpp>
#include <asyncio/task/sleep.hpp>

#include <chrono>

namespace support {

/// Gives way for so many iterations: `co_await turns(2)`.
inline asyncio::Coro<> turns(int count = 1) {
    for (int i = 0; i < count; ++i) co_await asyncio::sleep(std::chrono::seconds(0));
}

}  // namespace support
