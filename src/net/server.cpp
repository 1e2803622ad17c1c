#include <asyncio/net/server.hpp>

#include "listener.hpp"

#include <asyncio/base/log.hpp>
#include <asyncio/net/resolve.hpp>

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <string>
#include <utility>

namespace asyncio {

namespace detail {

ServerCore::ServerCore(LoopCore& loop, const ServerOptions& options) : loop_(&loop), options_(options) {}

ServerCore::~ServerCore() {
    if (!loop_->closed()) close();
}

void ServerCore::listen_on(std::vector<SocketAddress> addresses) {
    Driver& driver = loop_->driver();
    std::vector<SocketAddress> tried;
    try {
        for (const SocketAddress& address : addresses) {
            // The resolver may name an address twice.
            if (std::find(tried.begin(), tried.end(), address) != tried.end()) continue;
            tried.push_back(address);
            DescriptorPtr socket;
            const std::int64_t opened = driver.open(address.family(), SOCK_STREAM, socket);
            if (opened == -EAFNOSUPPORT) continue;
            if (opened < 0)
                throw_os_error(static_cast<int>(-opened), "open a socket to listen on " + address.to_string());
            listeners_.push_back(make_owner<Listener>(*this, socket));
            if (options_.reuse_address) driver.set_option(*socket, SOL_SOCKET, SO_REUSEADDR, 1);
            if (options_.reuse_port) driver.set_option(*socket, SOL_SOCKET, SO_REUSEPORT, 1);
            if (options_.keep_alive) driver.set_option(*socket, SOL_SOCKET, SO_KEEPALIVE, 1);
            if (address.is_ipv6()) driver.set_option(*socket, IPPROTO_IPV6, IPV6_V6ONLY, 1);
            const std::int64_t bound = driver.bind(*socket, address);
            if (bound == -EADDRNOTAVAIL) {
                driver.close(*socket);
                listeners_.pop_back();
            } else if (bound < 0) {
                throw_os_error(static_cast<int>(-bound),
                               "error while attempting to bind on address " + address.to_string());
            }
        }
        if (listeners_.empty()) {
            std::string text;
            for (const SocketAddress& address : tried) text += (text.empty() ? "" : ", ") + address.to_string();
            throw_os_error(EADDRNOTAVAIL, "could not bind on any address out of [" + text + "]");
        }
    } catch (...) {
        close();
        throw;
    }
}

void ServerCore::start_serving() {
    if (closed_) throw RuntimeError("server is closed");
    if (serving_) return;
    Driver& driver = loop_->driver();
    for (const auto& listener : listeners_) {
        if (const std::int64_t result = driver.listen(*listener->socket(), options_.backlog); result < 0)
            throw_os_error(static_cast<int>(-result), "listen on " + listener->address().to_string());
    }
    serving_ = true;
    retain();
    for (const auto& listener : listeners_) listener->start();
}

void ServerCore::close() noexcept {
    if (closed_ || loop_->closed()) return;
    closed_ = true;
    // A pause that ends here may hold the last reference. None is left when the destructor calls.
    const ServerPtr keep = references_ > 0 ? ServerPtr(this) : nullptr;
    for (const auto& listener : listeners_) listener->close();
    while (ConnectionWaiter* waiter = until_closed.pop_front()) waiter->proceed();
    tell_if_gone();
    if (std::exchange(serving_, false)) release();
}

/// The loop is closed without the server: gives up the reference that serving holds.
void ServerCore::forget_loop() noexcept {
    if (std::exchange(serving_, false)) release();
}

void ServerCore::tell_if_gone() noexcept {
    if (!gone()) return;
    while (ConnectionWaiter* waiter = until_gone.pop_front()) waiter->proceed();
}

std::vector<SocketAddress> ServerCore::addresses() const {
    std::vector<SocketAddress> addresses;
    if (closed_ || loop_->closed()) return addresses;
    for (const auto& listener : listeners_) addresses.push_back(listener->address());
    return addresses;
}

void ServerCore::accepted(DescriptorPtr socket) {
    ConnectionPtr connection;
    try {
        auto [reader, writer] = make_streams(*loop_, std::move(socket), options_.limit);
        connection = ConnectionPtr(&writer.connection());
        connection->owner = this;
        retain();  // until connection_closed
        clients_.push_back(*connection);
        connected(std::move(reader), std::move(writer));
    } catch (...) {
        std::exception_ptr error = std::current_exception();
        if (is_interrupt(error)) throw;
        if (connection) callback_failed(*connection, std::move(error));
    }
}

void ServerCore::connection_closed(Connection& connection) noexcept {
    connection.unlink();
    tell_if_gone();
    release();
}

void ServerCore::close_clients() noexcept {
    std::vector<ConnectionPtr> clients;
    for (Connection* client = clients_.front(); client != nullptr; client = clients_.next(*client))
        clients.emplace_back(client);
    for (const ConnectionPtr& client : clients) client->close();
}

void ServerCore::abort_clients() noexcept {
    while (Connection* client = clients_.front()) client->abort();
}

void ServerCore::callback_failed(Connection& connection, std::exception_ptr error) noexcept {
    ExceptionContext context;
    context.message = "Unhandled exception in client_connected_cb";
    context.exception = std::move(error);
    context.transport = connection.peername.to_string();
    connection.loop().report(context);
    connection.close();
}

bool ServerClosedAwaiter::cancel(std::string_view message) noexcept {
    if (!linked()) return false;
    unlink();
    accept_cancel(message);
    return true;
}

namespace {

/// Waits until the server is closed.
class ServeAwaiter final : public Waiter, private ConnectionWaiter {
public:
    explicit ServeAwaiter(ServerCore& server) noexcept : server_(server) {}

    [[nodiscard]] bool await_ready() const noexcept { return server_.closed(); }
    template <class P>
    void await_suspend(std::coroutine_handle<P> handle) {
        bind_to_current_task();
        server_.until_closed.push_back(*this);
        suspend(handle);
    }
    void await_resume() { resumed(); }
    bool cancel(std::string_view message) noexcept override {
        if (!linked()) return false;
        unlink();
        accept_cancel(message);
        return true;
    }

private:
    void proceed() noexcept override { wake(); }

    ServerCore& server_;
};

Coro<> serve_until_cancelled(ServerPtr server) {
    if (server->serving_for_ever) throw RuntimeError("server is already being awaited on serve_forever()");
    if (server->closed()) throw RuntimeError("server is closed");
    server->start_serving();
    server->serving_for_ever = true;
    std::exception_ptr cancelled;
    try {
        ServeAwaiter serve(*server);
        co_await serve;
        cancelled = std::make_exception_ptr(CancelledError());
    } catch (const CancelledError&) {
        cancelled = std::current_exception();
    }
    server->serving_for_ever = false;
    server->close();
    ServerClosedAwaiter gone(server);
    co_await gone;
    std::rethrow_exception(cancelled);
}

Coro<> start_serving(ServerPtr server) {
    server->start_serving();
    co_return;
}

Coro<bool> close_and_wait(ServerPtr server) {
    server->close();
    ServerClosedAwaiter gone(server);
    co_await gone;
    co_return false;
}

Coro<> nothing() {
    co_return;
}

}  // namespace

Coro<void> listen_at(ServerPtr core, std::string host, std::uint16_t port, ServerOptions options) {
    core->listen_on(co_await resolve(std::move(host), port, {.family = options.family, .passive = true}));
    if (options.start_serving) core->start_serving();
}

void check_server_options(const ServerOptions& options) {
    if (options.limit == 0) throw std::invalid_argument("Limit cannot be <= 0");
    if (options.backlog <= 0) throw std::invalid_argument("backlog must be positive");
}

}  // namespace detail

std::vector<SocketAddress> Server::sockets() const {
    return core_->addresses();
}

std::uint16_t Server::port() const {
    const auto addresses = core_->addresses();
    if (addresses.empty()) throw RuntimeError("server is closed");
    return addresses.front().port();
}

Coro<> Server::start_serving() {
    return detail::start_serving(core_);
}
Coro<> Server::serve_forever() {
    return detail::serve_until_cancelled(core_);
}
Coro<> Server::aenter() {
    return detail::nothing();
}
Coro<bool> Server::aexit(std::exception_ptr) {
    return detail::close_and_wait(core_);
}

}  // namespace asyncio
