#include <asio.hpp>
#include <asio/experimental/awaitable_operators.hpp>

#include <cstdio>

using namespace std::chrono_literals;
using namespace asio::experimental::awaitable_operators;

asio::awaitable<int> square(int n) {
    asio::steady_timer timer(co_await asio::this_coro::executor, 10ms);
    co_await timer.async_wait(asio::use_awaitable);
    co_return n* n;
}

asio::awaitable<void> amain() {
    auto [a, b] = co_await (square(2) && square(3));
    std::printf("%d %d\n", a, b);
}

int main() {
    asio::io_context context;
    asio::co_spawn(context, amain(), asio::detached);
    context.run();
}
