#include <asio.hpp>

#include <cstdio>

using namespace std::chrono_literals;

asio::awaitable<void> work() {
    try {
        asio::steady_timer timer(co_await asio::this_coro::executor, 1h);
        co_await timer.async_wait(asio::use_awaitable);
    } catch (const asio::system_error&) {  // operation_aborted
        std::puts("work: cancelled");
        throw;
    }
}

asio::awaitable<void> amain() {
    auto executor = co_await asio::this_coro::executor;
    asio::cancellation_signal signal;
    asio::steady_timer ended(executor, asio::steady_timer::time_point::max());
    asio::co_spawn(executor, work(),
                   asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr) { ended.cancel(); }));

    asio::steady_timer timer(executor, 10ms);
    co_await timer.async_wait(asio::use_awaitable);
    signal.emit(asio::cancellation_type::terminal);
    asio::error_code ignored;
    co_await ended.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    std::puts("it has ended");
}

int main() {
    asio::io_context context;
    asio::co_spawn(context, amain(), asio::detached);
    context.run();
}
