#include <asio.hpp>
#include <asio/experimental/awaitable_operators.hpp>

#include <cstdio>
#include <variant>

using namespace std::chrono_literals;
using namespace asio::experimental::awaitable_operators;

asio::awaitable<void> sleep(asio::steady_timer::duration time) {
    asio::steady_timer timer(co_await asio::this_coro::executor, time);
    co_await timer.async_wait(asio::use_awaitable);
}

asio::awaitable<int> slow_answer() {
    co_await sleep(1h);
    co_return 42;
}

asio::awaitable<void> amain() {
    auto first = co_await (slow_answer() || sleep(20ms));
    if (first.index() == 0) {
        std::printf("%d\n", std::get<0>(first));
    } else {
        std::puts("too late");
    }
}

int main() {
    asio::io_context context;
    asio::co_spawn(context, amain(), asio::detached);
    context.run();
}
