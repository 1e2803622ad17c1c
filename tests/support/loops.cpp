#include "loops.hpp"

#include "../../examples/foreign_loop/poll_driver.hpp"

#include <asyncio/loop/driver/simulated.hpp>
#include <asyncio/task/task_factory.hpp>

namespace support {

std::string name_of(LoopKind kind) {
    if (kind.eager) return "eager";
    switch (kind.driver) {
        case DriverKind::epoll:
            return "epoll";
        case DriverKind::simulated:
            return "simulated";
        case DriverKind::foreign:
            return "foreign";
    }
    return "unknown";
}

std::unique_ptr<asyncio::EventLoop> make_loop(DriverKind kind) {
    if (kind == DriverKind::epoll) return std::make_unique<asyncio::EventLoop>();
    if (kind == DriverKind::foreign) return foreign::PollPolicy().new_event_loop();
    return std::make_unique<asyncio::EventLoop>(std::make_unique<asyncio::SimulatedDriver>());
}

std::unique_ptr<asyncio::EventLoop> make_loop(LoopKind kind) {
    auto loop = make_loop(kind.driver);
    if (kind.eager) loop->set_task_factory(asyncio::eager_task_factory);
    return loop;
}

}  // namespace support
