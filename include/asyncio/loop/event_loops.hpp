#pragma once

#include <asyncio/base/standard/memory.hpp>
#include <asyncio/loop/event_loop.hpp>

namespace asyncio {

/// A loop on a readiness driver: epoll, or one of your own. Mirrors asyncio.SelectorEventLoop.
class SelectorEventLoop : public EventLoop {
public:
    /// Throws std::system_error when the system refuses (EMFILE, ENOMEM).
    SelectorEventLoop();
    /// Throws std::invalid_argument for nullptr.
    explicit SelectorEventLoop(std::unique_ptr<Driver> selector);
};

/// A loop on the completion driver, io_uring. Mirrors asyncio.ProactorEventLoop (Windows; default there since 3.8).
class ProactorEventLoop : public EventLoop {
public:
    /// Throws std::system_error (ENOSYS) when this system, or this build of the library, has no io_uring.
    ProactorEventLoop();
};

}  // namespace asyncio
