#include <asio.hpp>
#include <asio/experimental/channel.hpp>

#include <cstdio>

using namespace std::chrono_literals;
using Channel = asio::experimental::channel<void(asio::error_code, int)>;

asio::awaitable<int> answer() {
    asio::steady_timer timer(co_await asio::this_coro::executor, 10ms);
    co_await timer.async_wait(asio::use_awaitable);
    co_return 42;
}

asio::awaitable<void> amain() {
    auto executor = co_await asio::this_coro::executor;
    Channel result(executor, 1);  // what is spawned gives no handle to wait for
    asio::co_spawn(executor, answer(),
                   [&](std::exception_ptr, int value) { result.try_send(asio::error_code(), value); });
    std::puts("meanwhile");
    std::printf("%d\n", co_await result.async_receive(asio::use_awaitable));
}

int main() {
    asio::io_context context;
    asio::co_spawn(context, amain(), asio::detached);
    context.run();
}
