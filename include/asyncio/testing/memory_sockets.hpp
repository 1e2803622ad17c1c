#pragma once

#include <asyncio/loop/driver.hpp>
#include <asyncio/loop/driver/simulated.hpp>

#include <utility>

namespace asyncio::testing {

/// The simulated driver of the loop that runs in this thread. Throws RuntimeError when there is no such loop, or when
/// it runs on another driver.
[[nodiscard]] SimulatedDriver& simulated_driver();

/// Two connected stream sockets in memory, of the running loop, which must run on a SimulatedDriver (as in
/// run_virtual). Throws RuntimeError otherwise.
[[nodiscard]] std::pair<DescriptorPtr, DescriptorPtr> memory_socket_pair();

}  // namespace asyncio::testing
