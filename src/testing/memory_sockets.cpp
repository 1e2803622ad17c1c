#include <asyncio/testing/memory_sockets.hpp>

#include <asyncio/base/exceptions.hpp>
#include <asyncio/loop/loop_core.hpp>

#include <string>

namespace asyncio::testing {

SimulatedDriver& simulated_driver() {
    Driver& driver = detail::require_running_loop().driver();
    auto* const simulated = dynamic_cast<SimulatedDriver*>(&driver);
    if (simulated == nullptr)
        throw RuntimeError("this loop runs on the driver '" + std::string(driver.name()) +
                           "', not on a SimulatedDriver");
    return *simulated;
}

std::pair<DescriptorPtr, DescriptorPtr> memory_socket_pair() {
    std::pair<DescriptorPtr, DescriptorPtr> ends;
    simulated_driver().socket_pair(ends.first, ends.second);
    return ends;
}

}  // namespace asyncio::testing
