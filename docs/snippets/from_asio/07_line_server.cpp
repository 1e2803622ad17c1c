#include <asio.hpp>

#include <cstdio>
#include <string>

using asio::use_awaitable;
using asio::ip::tcp;

asio::awaitable<std::string> read_line(tcp::socket& socket, std::string& buffer) {
    auto size = co_await asio::async_read_until(socket, asio::dynamic_buffer(buffer), '\n', use_awaitable);
    auto line = buffer.substr(0, size);
    buffer.erase(0, size);
    co_return line;
}

asio::awaitable<void> serve(tcp::socket socket) {
    std::string buffer;
    for (;;) {
        auto answer = "you said " + co_await read_line(socket, buffer);  // throws at the end
        co_await asio::async_write(socket, asio::buffer(answer), use_awaitable);
    }
}

asio::awaitable<void> listen(tcp::acceptor& acceptor) {
    for (;;)
        asio::co_spawn(acceptor.get_executor(), serve(co_await acceptor.async_accept(use_awaitable)), asio::detached);
}

asio::awaitable<void> amain() {
    auto executor = co_await asio::this_coro::executor;
    tcp::acceptor acceptor(executor, {asio::ip::address_v4::loopback(), 0});
    asio::co_spawn(executor, listen(acceptor), asio::detached);
    tcp::socket socket(executor);
    co_await socket.async_connect(acceptor.local_endpoint(), use_awaitable);
    co_await asio::async_write(socket, asio::buffer("hello\n", 6), use_awaitable);
    std::string buffer;
    auto line = co_await read_line(socket, buffer);
    std::printf("%s", line.c_str());
    acceptor.close();
}

int main() {
    asio::io_context context;
    asio::co_spawn(context, amain(), asio::detached);
    context.run();
}
