#include "loops.hpp"

#include <asyncio/loop/driver/simulated.hpp>

namespace support {

std::string name_of(DriverKind kind) {
    return kind == DriverKind::epoll ? "epoll" : "simulated";
}

std::unique_ptr<asyncio::EventLoop> make_loop(DriverKind kind) {
    if (kind == DriverKind::epoll) return std::make_unique<asyncio::EventLoop>();
    return std::make_unique<asyncio::EventLoop>(std::make_unique<asyncio::SimulatedDriver>());
}

}  // namespace support
