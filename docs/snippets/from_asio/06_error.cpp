#include <asio.hpp>

#include <cstdio>

using asio::ip::tcp;

asio::awaitable<void> amain() {
    try {
        tcp::socket socket(co_await asio::this_coro::executor);
        co_await socket.async_connect({asio::ip::address_v4::loopback(), 1}, asio::use_awaitable);
    } catch (const asio::system_error& error) {
        if (error.code() == asio::error::connection_refused) std::puts("refused");
    }
}

int main() {
    asio::io_context context;
    asio::co_spawn(context, amain(), asio::detached);
    context.run();
}
