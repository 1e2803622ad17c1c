#pragma once

#include "quick_socket.hpp"

#include <asyncio/base/frame_pool.hpp>
#include <asyncio/loop/driver/epoll.hpp>

namespace asyncio {

/// A socket of the epoll driver: its remembered readiness and the operations that wait for it. What an operation
/// touches is one cache line: with a thousand connections each line more costs as much as a hundred instructions.
class EpollDriver::Entry final : public detail::QuickSocket, public detail::LineAligned {
public:
    Entry(EpollDriver& driver, int fd) noexcept : QuickSocket(fd), driver_(driver) {}
    /// The last reference is gone; whoever forgot to close leaks nothing.
    ~Entry() override {
        if (!closed()) driver_.close(*this);  // a closed one may outlive the driver
    }

    void mark_closed() noexcept {
        closed_ = true;
        fd_ = -1;
        may_read = may_write = armed = false;  // what is looked at first says so, too
    }

    bool armed = false;
    bool connecting = false;
    detail::IntrusiveList<Operation> inputs;   // readable, recv, accept, in the order of their start
    detail::IntrusiveList<Operation> outputs;  // writable, send, connect

private:
    EpollDriver& driver_;
};

}  // namespace asyncio
