#pragma once

#include <asyncio/base/intrusive_ptr.hpp>
#include <asyncio/base/light_traits.hpp>
#include <asyncio/base/owner.hpp>
#include <asyncio/net/open_connection.hpp>
#include <asyncio/task/closure.hpp>
#include <asyncio/task/coro.hpp>
#include <asyncio/task/create_task.hpp>
#include <asyncio/task/task.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace asyncio {

/// Keyword arguments of start_server.
struct ServerOptions {
    std::size_t limit = 65536;  ///< of readline and readuntil, in bytes
    int backlog = 100;          ///< connections that may wait to be accepted
    int family = 0;             ///< an AF_… value; 0: any
    bool reuse_address = true;  ///< SO_REUSEADDR
    bool reuse_port = false;    ///< several servers, say one per thread, share the port
    bool keep_alive = false;    ///< SO_KEEPALIVE. Since 3.13
    bool start_serving = true;  ///< false: accepts nothing before `start_serving()`. Since 3.7
};
static_assert(detail::trivially_destructible<ServerOptions>);

namespace detail {

/// A server's shared state; see Server. Lives while it serves, and while connections that it accepted do.
class ServerCore : public ConnectionOwner {
public:
    ServerCore(LoopCore& loop, const ServerOptions& options);
    virtual ~ServerCore();
    ServerCore(const ServerCore&) = delete;
    ServerCore& operator=(const ServerCore&) = delete;

    void retain() noexcept { ++references_; }
    void release() noexcept {
        if (--references_ == 0) delete this;
    }

    /// Binds every address; throws and then listens on none.
    void listen_on(std::vector<SocketAddress> addresses);
    void start_serving();
    void close() noexcept;
    void close_clients() noexcept;
    void abort_clients() noexcept;
    [[nodiscard]] bool serving() const noexcept { return serving_; }
    [[nodiscard]] bool closed() const noexcept { return closed_; }
    [[nodiscard]] bool gone() const noexcept { return closed_ && clients_.empty(); }
    [[nodiscard]] std::vector<SocketAddress> addresses() const;
    [[nodiscard]] LoopCore& loop() const noexcept { return *loop_; }

    IntrusiveList<ConnectionWaiter> until_gone;    // wait_closed
    IntrusiveList<ConnectionWaiter> until_closed;  // serve_forever
    bool serving_for_ever = false;

protected:
    /// Calls the user's callback; what it throws is reported and closes the connection, or leaves the loop.
    virtual void connected(StreamReader reader, StreamWriter writer) = 0;
    /// For the exception being handled, or that of a callback's task.
    static void callback_failed(Connection& connection, std::exception_ptr error) noexcept;

private:
    class Listener;
    friend class Listener;
    /// Throws KeyboardInterrupt and SystemExit when the callback does.
    void accepted(DescriptorPtr socket);
    void connection_closed(Connection& connection) noexcept override;
    void tell_if_gone() noexcept;
    void forget_loop() noexcept;

    LoopPtr loop_;
    ServerOptions options_;
    std::vector<Owner<Listener>> listeners_;
    IntrusiveList<Connection> clients_;
    std::uint32_t references_ = 0;
    bool serving_ = false;  // holds a reference to itself while it is
    bool closed_ = false;
};

using ServerPtr = IntrusivePtr<ServerCore>;

template <class F>
class ServerOf final : public ServerCore {
public:
    ServerOf(LoopCore& loop, const ServerOptions& options, F callback)
        : ServerCore(loop, options),
          callback_(std::move(callback)) {}

private:
    void connected(StreamReader reader, StreamWriter writer) override {
        const ConnectionPtr connection(&writer.connection());
        if constexpr (is_coro<std::invoke_result_t<F&, StreamReader, StreamWriter>>) {
            auto task = start_task(loop(), callback_(std::move(reader), std::move(writer)), {});
            // The coroutine runs in the callback's closure, which the server owns.
            task.add_done_callback([connection, server = ServerPtr(this)](const auto& done) {
                if (done.cancelled()) {
                    connection->close();
                } else if (std::exception_ptr error = done.exception()) {
                    callback_failed(*connection, error);
                }
            });
        } else {
            callback_(std::move(reader), std::move(writer));
        }
    }

    F callback_;
};

/// Waits until the server is closed and its last connection has gone.
class ServerClosedAwaiter : public Waiter, private ConnectionWaiter {
public:
    explicit ServerClosedAwaiter(ServerPtr server) noexcept : server_(std::move(server)) {}
    ~ServerClosedAwaiter() {
        if (linked()) destroyed_while_waiting();
    }

    [[nodiscard]] bool await_ready() const noexcept { return server_->gone(); }
    template <class P>
    void await_suspend(std::coroutine_handle<P> handle) {
        bind_to_current_task();
        server_->until_gone.push_back(*this);
        suspend(handle);
    }
    void await_resume() {
        if (task_ != nullptr) resumed();
    }
    bool cancel(std::string_view message) noexcept override;

private:
    void proceed() noexcept override { wake(); }

    ServerPtr server_;
};

/// Binds what the host's name stands for, and starts serving when the options say so.
[[nodiscard]] Coro<void> listen_at(ServerPtr core, std::string host, std::uint16_t port, ServerOptions options);

}  // namespace detail

/// Listens, and gives every connection to a callback. Copying copies the reference.
///
/// Thread safety: the loop's thread only. Mirrors asyncio.Server.
class Server {
public:
    /// Used by `start_server`.
    explicit Server(detail::ServerPtr core) noexcept : core_(std::move(core)) {}

    /// The addresses it listens on; empty after close.
    [[nodiscard]] std::vector<SocketAddress> sockets() const;
    /// The port of the first socket, which is the one to tell clients when the port was 0. Throws RuntimeError after
    /// close.
    [[nodiscard]] std::uint16_t port() const;
    /// Whether it accepts connections. Since 3.7.
    [[nodiscard]] bool is_serving() const noexcept { return core_->serving(); }
    /// Idempotent. Throws RuntimeError "server … is closed" after close. Since 3.7.
    [[nodiscard]] Coro<> start_serving();
    /// Serves until the task is cancelled; then closes, waits for the last connection to go, and throws CancelledError.
    /// So does close(). Throws RuntimeError when another task does so already, or after close. Since 3.7.
    [[nodiscard]] Coro<> serve_forever();
    /// Stops listening; connections live on. Idempotent.
    void close() noexcept { core_->close(); }
    /// Returns when the server is closed and the last connection has gone, in whichever order.
    [[nodiscard("write co_await server.wait_closed()")]] detail::ServerClosedAwaiter wait_closed() const {
        return detail::ServerClosedAwaiter(core_);
    }
    /// Closes every connection; what is buffered is still sent. Since 3.13.
    void close_clients() noexcept { core_->close_clients(); }
    /// Closes every connection at once; what is buffered is lost. Since 3.13.
    void abort_clients() noexcept { core_->abort_clients(); }

    /// For `async_with`; does nothing.
    [[nodiscard]] Coro<> aenter();
    /// For `async_with`: closes, waits as `wait_closed()`, and lets the exception pass.
    [[nodiscard]] Coro<bool> aexit(std::exception_ptr error);

private:
    detail::ServerPtr core_;
};

namespace detail {

template <class F>
Coro<Server> start_server(F callback, std::string host, std::uint16_t port, ServerOptions options) {
    LoopCore& loop = require_running_loop();
    const ServerPtr core(new ServerOf<F>(loop, options, std::move(callback)));
    co_await listen_at(core, std::move(host), port, options);
    co_return Server(core);
}

void check_server_options(const ServerOptions& options);

}  // namespace detail

/// Listens on a host's addresses ("" for all) and calls `callback(reader, writer)` for every connection. A callback
/// that returns a Coro becomes a task, kept alive by the loop; what it throws is reported as "Unhandled exception in
/// client_connected_cb" and closes the connection; KeyboardInterrupt and SystemExit leave the loop. The tasks may
/// outlive the function that started the server, which `asyncio::run` ends before it cancels them: let the callback
/// share what it uses, do not let it refer to locals.
///
/// Throws gaierror; std::system_error "error while attempting to bind on address …"; std::invalid_argument.
/// Cancellation: nothing is listened on. Mirrors asyncio.start_server.
template <class F>
    requires std::is_invocable_v<std::decay_t<F>&, StreamReader, StreamWriter>
[[nodiscard]] Coro<Server> start_server(F&& callback, std::string_view host, std::uint16_t port,
                                        ServerOptions options = {}) {
    detail::require_safe_closure<F>();
    detail::require_callable(callback);
    detail::check_server_options(options);
    return detail::start_server<std::decay_t<F>>(std::forward<F>(callback), std::string(host), port, options);
}

/// The mistake of a callback that cannot be called with what a server has.
template <class F>
    requires(!std::is_invocable_v<std::decay_t<F>&, StreamReader, StreamWriter>)
Coro<Server> start_server(F&&, std::string_view, std::uint16_t, ServerOptions = {}) {
    static_assert(std::is_invocable_v<std::decay_t<F>&, StreamReader, StreamWriter>,
                  "the callback of asyncio::start_server must take the streams by value: write "
                  "asyncio::Coro<> callback(asyncio::StreamReader reader, asyncio::StreamWriter writer)");
    detail::throw_null_callable();
}

}  // namespace asyncio
