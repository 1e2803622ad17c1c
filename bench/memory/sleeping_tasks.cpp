// The memory of a sleeping task, all told: 100,000 tasks are started, and the growth of the resident memory is divided
// by their number. `sleeping_tasks asio` measures the same with Asio's coroutines.

#include "peers/asio_types.hpp"

#include <asyncio/asyncio.hpp>

#include <asio/detached.hpp>
#include <asio/steady_timer.hpp>

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace {

using namespace std::chrono_literals;

constexpr long tasks = 100'000;

/// Resident memory of this process in bytes.
long resident() {
    long pages = 0;
    std::FILE* file = std::fopen("/proc/self/statm", "r");
    if (file == nullptr || std::fscanf(file, "%*s %ld", &pages) != 1) std::abort();
    std::fclose(file);
    return pages * ::sysconf(_SC_PAGESIZE);
}

void report(long before, long after) {
    std::printf("{\"value\": %.1f}\n", static_cast<double>(after - before) / tasks);
}

asyncio::Coro<> short_sleeper() {
    co_await asyncio::sleep(1ms);
}
asyncio::Coro<> sleeper() {
    co_await asyncio::sleep(1h);
}

asyncio::Coro<> measure_asyncio() {
    co_await asyncio::create_task(short_sleeper());  // whatever the first task of a program allocates
    const long before = resident();
    for (long i = 0; i < tasks; ++i) asyncio::create_task(sleeper());
    co_await asyncio::sleep(10ms);  // now all of them have started and sleep
    report(before, resident());
}

peer::Awaitable<void> asio_sleeper() {
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, peer::Executor>
        timer(co_await asio::this_coro::executor, 1h);
    co_await timer.async_wait(peer::use_awaitable);
}

void measure_asio() {
    asio::io_context context(1);
    asio::co_spawn(context.get_executor(), asio_sleeper(), asio::detached);
    context.poll();
    const long before = resident();
    for (long i = 0; i < tasks; ++i) asio::co_spawn(context.get_executor(), asio_sleeper(), asio::detached);
    context.poll();
    report(before, resident());
}

}  // namespace

int main(int argc, char** argv) {
    if (argc > 1 && std::string_view(argv[1]) == "asio")
        measure_asio();
    else
        asyncio::run(measure_asyncio());
}
