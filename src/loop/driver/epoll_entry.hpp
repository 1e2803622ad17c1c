#pragma once

#include <asyncio/base/frame_pool.hpp>
#include <asyncio/loop/driver/epoll.hpp>

namespace asyncio {

/// A socket of the epoll driver: its remembered readiness and the operations that wait for it. What an operation
/// touches is one cache line: with a thousand connections each line more costs as much as a hundred instructions.
class EpollDriver::Entry final : public Descriptor, public detail::LineAligned {
public:
    Entry(EpollDriver& driver, int fd) noexcept : driver_(driver) { fd_ = fd; }
    /// The last reference is gone; whoever forgot to close leaks nothing.
    ~Entry() override {
        if (!closed()) driver_.close(*this);  // a closed one may outlive the driver
    }

    void mark_closed() noexcept {
        closed_ = true;
        fd_ = -1;
        may_read = may_write = armed = false;  // what is looked at first says so, too
    }

    // "May": true until a call was seen to block or to be short.
    bool may_read = true;
    bool may_write = true;
    bool reads_end_early = false;  // end of file, an error or urgent data: a short read does not mean drained
    bool armed = false;
    bool connecting = false;
    detail::IntrusiveList<Operation> inputs;   // readable, recv, accept, in the order of their start
    detail::IntrusiveList<Operation> outputs;  // writable, send, connect

private:
    EpollDriver& driver_;
};

}  // namespace asyncio
