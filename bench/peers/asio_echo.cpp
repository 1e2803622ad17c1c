// Asio's coroutine echo server as somebody who knows Asio writes it: one thread and concurrency hint 1, which lets the
// scheduler skip waking other threads; the io_context's own executor type instead of the type-erased any_io_executor;
// one buffer per connection.

#include <asio/awaitable.hpp>
#include <asio/basic_socket_acceptor.hpp>
#include <asio/basic_stream_socket.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>

#include <sys/resource.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <utility>

namespace {

using asio::ip::tcp;
using Executor = asio::io_context::executor_type;
using Socket = asio::basic_stream_socket<tcp, Executor>;
using Acceptor = asio::basic_socket_acceptor<tcp, Executor>;
template <class T>
using Awaitable = asio::awaitable<T, Executor>;
constexpr asio::use_awaitable_t<Executor> use_awaitable;

Awaitable<void> echo(Socket socket) {
    std::array<char, 16 * 1024> buffer;
    try {
        for (;;) {
            const std::size_t n = co_await socket.async_read_some(asio::buffer(buffer), use_awaitable);
            co_await asio::async_write(socket, asio::buffer(buffer, n), use_awaitable);
        }
    } catch (const std::exception&) {
        // The peer has gone: end of file or a reset. Leaving the coroutine closes the socket.
    }
}

Awaitable<void> listen(Acceptor acceptor) {
    for (;;) {
        Socket socket = co_await acceptor.async_accept(use_awaitable);
        socket.set_option(tcp::no_delay(true));
        const Executor executor = socket.get_executor();
        asio::co_spawn(executor, echo(std::move(socket)), asio::detached);
    }
}

void raise_descriptor_limit() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int main(int argc, char** argv) {
    raise_descriptor_limit();
    const auto port = argc > 1 ? static_cast<std::uint16_t>(std::atoi(argv[argc - 1])) : std::uint16_t{0};
    asio::io_context context(1);
    Acceptor acceptor(context.get_executor(), tcp::endpoint(asio::ip::address_v4::loopback(), port));
    std::printf("listening on %d\n", acceptor.local_endpoint().port());
    std::fflush(stdout);
    asio::co_spawn(context.get_executor(), listen(std::move(acceptor)), asio::detached);
    context.run();
}
