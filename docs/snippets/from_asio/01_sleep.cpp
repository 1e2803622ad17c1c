#include <asio.hpp>

#include <cstdio>

using namespace std::chrono_literals;

asio::awaitable<void> amain() {
    asio::steady_timer timer(co_await asio::this_coro::executor, 20ms);
    co_await timer.async_wait(asio::use_awaitable);
    std::puts("later");
}

int main() {
    asio::io_context context;
    asio::co_spawn(context, amain(), asio::detached);
    context.run();
}
