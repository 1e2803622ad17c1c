#include <asio.hpp>
#include <asio/experimental/awaitable_operators.hpp>
#include <asio/experimental/channel.hpp>

#include <cstdio>

using namespace asio::experimental::awaitable_operators;
using Channel = asio::experimental::channel<void(asio::error_code, int)>;

asio::awaitable<void> produce(Channel& channel) {
    for (int i = 1; i <= 3; ++i) co_await channel.async_send(asio::error_code(), i, asio::use_awaitable);
    co_await channel.async_send(asio::error::eof, 0, asio::use_awaitable);  // close() would drop what is inside
}

asio::awaitable<void> consume(Channel& channel) {
    try {
        for (;;) std::printf("%d\n", co_await channel.async_receive(asio::use_awaitable));
    } catch (const asio::system_error&) {
        std::puts("end");
    }
}

asio::awaitable<void> amain() {
    Channel channel(co_await asio::this_coro::executor, 2);
    co_await (produce(channel) && consume(channel));
}

int main() {
    asio::io_context context;
    asio::co_spawn(context, amain(), asio::detached);
    context.run();
}
