#include <asio.hpp>
#include <asio/experimental/awaitable_operators.hpp>
#include <asio/experimental/channel.hpp>

#include <cstdio>

using namespace std::chrono_literals;
using namespace asio::experimental::awaitable_operators;
using Tokens = asio::experimental::channel<void(asio::error_code, int)>;  // Asio has no semaphore

asio::awaitable<void> work(Tokens& tokens, int number) {
    co_await tokens.async_send(asio::error_code(), 0, asio::use_awaitable);  // room for two
    std::printf("%d\n", number);
    asio::steady_timer timer(tokens.get_executor(), 10ms);
    co_await timer.async_wait(asio::use_awaitable);
    tokens.try_receive([](asio::error_code, int) {});  // not done when the wait throws
}

asio::awaitable<void> amain() {
    Tokens tokens(co_await asio::this_coro::executor, 2);
    co_await (work(tokens, 1) && work(tokens, 2) && work(tokens, 3));
    std::puts("all done");
}

int main() {
    asio::io_context context;
    asio::co_spawn(context, amain(), asio::detached);
    context.run();
}
