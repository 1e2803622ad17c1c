#include <asyncio/net/open_connection.hpp>

#include <asyncio/base/exception_group.hpp>
#include <asyncio/net/operation_awaiter.hpp>
#include <asyncio/net/resolve.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <stdexcept>
#include <string>
#include <vector>

namespace asyncio {

namespace detail {

namespace {

/// A socket that is closed unless it is taken.
class PendingSocket {
public:
    explicit PendingSocket(LoopCore& loop) noexcept : loop_(loop) {}
    PendingSocket(const PendingSocket&) = delete;
    PendingSocket& operator=(const PendingSocket&) = delete;
    ~PendingSocket() {
        if (descriptor && !loop_.closed()) loop_.driver().close(*descriptor);
    }
    DescriptorPtr take() noexcept { return std::move(descriptor); }

    DescriptorPtr descriptor;

private:
    LoopCore& loop_;
};

[[nodiscard]] std::string failed_connect(const SocketAddress& address) {
    return "connect to " + address.to_string() + ": Connect call failed";
}

class ConnectAwaiter final : public OperationAwaiter {
public:
    ConnectAwaiter(LoopCore& loop, DescriptorPtr socket, SocketAddress& address) noexcept
        : OperationAwaiter(loop, Kind::connect, std::move(socket)) {
        this->address = &address;
    }
};

void bind_local(LoopCore& loop, Descriptor& socket, const ConnectionOptions& options) {
    if (options.local_host.empty() && options.local_port == 0) return;
    const SocketAddress local(options.local_host, options.local_port);
    if (const std::int64_t result = loop.driver().bind(socket, local); result < 0)
        throw_os_error(static_cast<int>(-result), "error while attempting to bind on address " + local.to_string());
}

/// One attempt; the error comes back as a value, because the next address may do.
Coro<std::exception_ptr> attempt(LoopCore& loop, SocketAddress& address, const ConnectionOptions& options,
                                 DescriptorPtr& connected) {
    PendingSocket socket(loop);
    std::int64_t result = loop.driver().open(address.family(), SOCK_STREAM, socket.descriptor);
    if (result < 0) co_return os_error(static_cast<int>(-result), "open a socket for " + address.to_string());
    try {
        bind_local(loop, *socket.descriptor, options);
    } catch (const std::system_error&) {
        co_return std::current_exception();
    }
    ConnectAwaiter connect(loop, socket.descriptor, address);
    result = co_await connect;
    if (result < 0) co_return os_error(static_cast<int>(-result), failed_connect(address));
    connected = socket.take();
    co_return nullptr;
}

std::string text_of(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const std::exception& exception) {
        return exception.what();
    }
}

int reason_of(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const std::system_error& failed) {
        return failed.code().value();
    }
}

[[noreturn]] void throw_all(std::vector<std::exception_ptr> errors, bool all_errors) {
    if (all_errors) throw ExceptionGroup("create_connection failed", std::move(errors));
    if (errors.size() == 1) std::rethrow_exception(errors.front());
    std::string text = "Multiple exceptions: ";
    for (std::size_t i = 0; i < errors.size(); ++i) text += (i == 0 ? "" : ", ") + text_of(errors[i]);
    // All for the same reason, the usual case: an exception of that reason's class, such as ConnectionRefusedError.
    const int reason = reason_of(errors.front());
    for (const std::exception_ptr& error : errors) {
        if (reason_of(error) != reason) throw std::system_error(reason, std::system_category(), text);
    }
    throw_os_error(reason, text);
}

Coro<StreamPair> connect(std::string host, std::uint16_t port, ConnectionOptions options, std::string local_host) {
    options.local_host = local_host;
    LoopCore& loop = require_running_loop();
    std::vector<SocketAddress> addresses = co_await resolve(host, port, {.family = options.family});
    std::vector<std::exception_ptr> errors;
    for (SocketAddress& address : addresses) {
        DescriptorPtr socket;
        std::exception_ptr error = co_await attempt(loop, address, options, socket);
        if (!error) co_return make_streams(loop, std::move(socket), options.limit);
        errors.push_back(std::move(error));
    }
    throw_all(std::move(errors), options.all_errors);
}

}  // namespace

StreamPair make_streams(LoopCore& loop, DescriptorPtr socket, std::size_t limit) {
    loop.driver().set_option(*socket, IPPROTO_TCP, TCP_NODELAY, 1);
    const ConnectionPtr connection(new Connection(loop, std::move(socket), limit));
    return {StreamReader(connection), StreamWriter(connection)};
}

}  // namespace detail

Coro<StreamPair> open_connection(std::string_view host, std::uint16_t port, ConnectionOptions options) {
    if (options.limit == 0) throw std::invalid_argument("Limit cannot be <= 0");
    return detail::connect(std::string(host), port, options, std::string(options.local_host));
}

}  // namespace asyncio
