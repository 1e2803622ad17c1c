#include <asio.hpp>

#include <cstdio>
#include <thread>

int blocking(int n) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return 2 * n;
}

asio::awaitable<int> in_pool(int n) {
    co_return blocking(n);
}

asio::awaitable<void> amain(asio::thread_pool& pool) {
    std::printf("%d\n", co_await asio::co_spawn(pool, in_pool(21), asio::use_awaitable));
}

int main() {
    asio::thread_pool pool;
    asio::io_context context;
    asio::co_spawn(context, amain(pool), asio::detached);
    context.run();
}
