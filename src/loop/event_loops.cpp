#include <asyncio/loop/event_loops.hpp>

#include <asyncio/base/exceptions.hpp>
#include <asyncio/base/log.hpp>
#include <asyncio/loop/driver/epoll.hpp>

#include <cerrno>
#include <utility>

namespace asyncio {

SelectorEventLoop::SelectorEventLoop() : EventLoop(std::make_unique<EpollDriver>()) {
    if (get_debug()) detail::log(LogLevel::debug, "Using driver: epoll");
}

SelectorEventLoop::SelectorEventLoop(std::unique_ptr<Driver> selector) : EventLoop(std::move(selector)) {}

namespace {

std::unique_ptr<Driver> make_completion_driver() {
    throw_os_error(ENOSYS, "ProactorEventLoop: this build of the library has no io_uring driver");
}

}  // namespace

ProactorEventLoop::ProactorEventLoop() : EventLoop(make_completion_driver()) {}

}  // namespace asyncio
