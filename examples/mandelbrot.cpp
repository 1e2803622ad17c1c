// An image of the Mandelbrot set, its lines computed by several processes: with a progress bar where there is a
// terminal, and undisturbed by a line whose process crashes.

#include <asyncio/asyncio.hpp>

#include <unistd.h>

#include <complex>
#include <csignal>
#include <cstdio>
#include <string>
#include <vector>

namespace {

constexpr int width = 72;
constexpr int height = 24;

/// Runs in another process: the arguments and the result are copied there and back.
std::string line_of_image(int y) {
    std::string line;
    for (int x = 0; x < width; ++x) {
        const std::complex<double> c(-2.2 + 3.2 * x / width, -1.2 + 2.4 * y / (height - 1));
        std::complex<double> z;
        int steps = 0;
        while (steps < 60 && std::norm(z) < 4.0) {
            z = z * z + c;
            ++steps;
        }
        line += " .:-=+*#%@"[steps * 9 / 60];
    }
    return line.erase(line.find_last_not_of(' ') + 1);
}

void crash() {
    std::raise(SIGKILL);
}

void show_progress(int done) {
    if (::isatty(STDERR_FILENO) == 0) return;
    std::fprintf(stderr, "\r[%-*s]%s", height, std::string(static_cast<std::size_t>(done), '#').c_str(),
                 done == height ? "\n" : "");
}

asyncio::Coro<> amain() {
    asyncio::futures::ProcessPoolExecutor pool({.max_workers = 2});
    asyncio::EventLoop& loop = asyncio::get_running_loop();

    const auto accident = loop.run_in_executor(pool, asyncio::remote<&crash>);
    std::vector<asyncio::Future<std::string>> lines;
    int done = 0;
    for (int y = 0; y < height; ++y) {
        lines.push_back(loop.run_in_executor(pool, asyncio::remote<&line_of_image>, y));
        lines.back().add_done_callback([&done](const auto&) { show_progress(++done); });
    }
    for (const auto& line : lines) std::puts((co_await line).c_str());

    try {
        co_await accident;
    } catch (const asyncio::futures::WorkerDied& died) {
        std::printf("One process was ended by signal %d; the lines did not notice.\n", died.end().signal);
    }
    co_await pool.aclose();
}

}  // namespace

int main(int argc, char** argv) {
    // Worker processes are this program, started once more. This is where they turn off.
    if (asyncio::is_worker(argc, argv)) return asyncio::worker_main(argc, argv);
    asyncio::run(amain());
}
