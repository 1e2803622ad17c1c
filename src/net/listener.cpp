#include "listener.hpp"

#include <cerrno>

namespace asyncio::detail {

namespace {

constexpr auto pause_without_descriptors = std::chrono::seconds(1);

/// Errors that say nothing about the listening socket, but about the connection that was to be accepted.
bool concerns_one_connection(int error) noexcept {
    switch (error) {
        case ECONNABORTED:
        case EPROTO:
        case ENETDOWN:
        case ENOPROTOOPT:
        case EHOSTDOWN:
        case ENONET:
        case EHOSTUNREACH:
        case EOPNOTSUPP:
        case ENETUNREACH:
        case EPERM:
            return true;
        default:
            return false;
    }
}

}  // namespace

ServerCore::Listener::Listener(ServerCore& server, DescriptorPtr socket)
    : ReadyNode(&run),
      server_(server),
      operation_(Operation::Kind::accept, std::move(socket), &completed),
      pause_(*this) {
    operation_.listener = this;
}

SocketAddress ServerCore::Listener::address() const {
    SocketAddress address;
    server_.loop_->driver().local_address(*operation_.descriptor, address);
    return address;
}

void ServerCore::Listener::start() {
    if (server_.loop_->driver().start(operation_)) queue();
}

/// The user's callback is run from the ready queue, never from inside the driver.
void ServerCore::Listener::queue() noexcept {
    server_.retain();
    server_.loop_->make_ready(*this);
}

void ServerCore::Listener::completed(Operation& operation) noexcept {
    Listener& self = *static_cast<Accepting&>(operation).listener;
    if (self.server_.loop_->closed()) {
        self.server_.forget_loop();
    } else {
        self.queue();
    }
}

void ServerCore::Listener::run(ReadyNode& node, Turn turn) {
    auto& self = static_cast<Listener&>(node);
    const auto keep = ServerPtr::adopt(&self.server_);
    if (turn == Turn::drop) {
        self.discard();
        self.server_.forget_loop();
    } else if (self.server_.closed_) {
        self.discard();
    } else {
        self.accept_several();
    }
}

void ServerCore::Listener::accept_several() {
    for (int i = 0; i < server_.options_.backlog; ++i) {
        try {
            if (!take_result()) return;
        } catch (...) {
            // KeyboardInterrupt or SystemExit leaves the loop; when that runs again, the server goes on.
            if (!server_.closed_) start();
            throw;
        }
        if (server_.closed_ || !server_.loop_->driver().start(operation_)) return;
    }
    queue();  // others have their turn first
}

bool ServerCore::Listener::take_result() {
    const int error = static_cast<int>(-operation_.result);
    if (error == 0) {
        server_.accepted(std::move(operation_.accepted));
        return true;
    }
    if (error == EBADF) return false;  // closed
    if (concerns_one_connection(error)) return true;
    ExceptionContext context;
    context.message = "socket.accept() out of system resource";
    context.exception = os_error(error, "accept on " + address().to_string());
    context.socket = address().to_string();
    server_.loop_->call_exception_handler(context);
    if (!server_.closed_) {
        LoopCore& loop = *server_.loop_;
        loop.schedule(pause_, saturating_add(loop.time(), pause_without_descriptors));
        server_.retain();  // until the pause has ended, also when it waits in the ready queue only
    }
    return false;
}

void ServerCore::Listener::end_pause(ReadyNode& node, Turn turn) {
    Listener& self = static_cast<Pause&>(node).listener;
    const auto keep = ServerPtr::adopt(&self.server_);
    if (turn == Turn::drop) {
        self.server_.forget_loop();
    } else if (!self.server_.closed_) {
        self.start();
    }
}

/// A connection that was accepted and that nobody will serve.
void ServerCore::Listener::discard() noexcept {
    if (operation_.accepted && !server_.loop_->closed()) server_.loop_->driver().close(*operation_.accepted);
    operation_.accepted = nullptr;
}

void ServerCore::Listener::close() noexcept {
    LoopCore& loop = *server_.loop_;
    if (pause_.scheduled()) {
        loop.cancel(pause_);
        server_.release();
    }
    // The completion with EBADF, in the next dispatch, would find the server gone.
    if (operation_.pending) loop.driver().cancel(operation_);
    loop.driver().close(*operation_.descriptor);
}

}  // namespace asyncio::detail
