#pragma once

#include <asyncio/asyncio.hpp>

namespace static_server {

/// SIGINT and SIGTERM as something that can be awaited. While an object exists, the two signals do nothing else.
class ShutdownSignal {
public:
    /// Throws std::system_error. Must be created before other threads, which inherit that the signals are blocked.
    ShutdownSignal();
    ShutdownSignal(const ShutdownSignal&) = delete;
    ShutdownSignal& operator=(const ShutdownSignal&) = delete;
    ~ShutdownSignal();

    /// Returns when one of the signals has come.
    asyncio::Coro<> wait();

private:
    int fd_;
};

}  // namespace static_server
