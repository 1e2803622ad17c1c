// libuv's timers: create one and cancel it while 100,000 others are alive, as timer_bench does it with ours. Prints
// nanoseconds of processor time per timer as JSON.

#include <time.h>
#include <uv.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <vector>

namespace {

constexpr int alive = 100'000;
constexpr int batch = 100;
constexpr int batches = 2000;

/// The deadlines of timer_bench, in libuv's milliseconds.
std::uint64_t next_delay() {
    static std::uint64_t state = 1;
    state = state * 6364136223846793005U + 1442695040888963407U;
    return 3'600'000 + (state >> 33) * 1676 / 1'000'000;
}

void ignore(uv_timer_t*) {}

void start(uv_loop_t& loop, uv_timer_t& timer) {
    uv_timer_init(&loop, &timer);
    uv_timer_start(&timer, ignore, next_delay(), 0);
}

double processor_time_ns() {
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

template <class Round>
double nanoseconds_per_timer(Round round) {
    const double begin = processor_time_ns();
    for (int i = 0; i < batches; ++i) round();
    return (processor_time_ns() - begin) / (batches * batch);
}

}  // namespace

int main() {
    uv_loop_t loop;
    if (uv_loop_init(&loop) != 0) return 1;
    std::vector<uv_timer_t> timers(alive);
    for (uv_timer_t& timer : timers) start(loop, timer);

    std::array<uv_timer_t, batch> more;
    const double at_once = nanoseconds_per_timer([&] {
        for (uv_timer_t& timer : more) {
            start(loop, timer);
            uv_timer_stop(&timer);
            uv_close(reinterpret_cast<uv_handle_t*>(&timer), nullptr);
        }
        uv_run(&loop, UV_RUN_NOWAIT);
    });
    const double later = nanoseconds_per_timer([&] {
        for (uv_timer_t& timer : more) start(loop, timer);
        uv_run(&loop, UV_RUN_NOWAIT);
        for (uv_timer_t& timer : more) {
            uv_timer_stop(&timer);
            uv_close(reinterpret_cast<uv_handle_t*>(&timer), nullptr);
        }
        uv_run(&loop, UV_RUN_NOWAIT);
    });
    std::printf("{\"uv_timer\": %.2f, \"uv_timer_later\": %.2f}\n", at_once, later);
}
