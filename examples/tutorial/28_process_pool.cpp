// Computing in other processes: arguments and results are copied there and back. Workers are this program, started
// again; the first line of main is where they turn off.

#include "say.hpp"

#include <unistd.h>

#include <cmath>
#include <vector>

std::vector<double> compute_some_thing(std::vector<int> numbers) {
    std::vector<double> roots;
    for (int number : numbers) roots.push_back(std::sqrt(number));
    return roots;
}

int process_id() {
    return ::getpid();
}

Coro<> amain() {
    auto& loop = asyncio::get_running_loop();
    asyncio::futures::ProcessPoolExecutor pool({.max_workers = 2});
    const std::vector<int> numbers{0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    for (double root : co_await loop.run_in_executor(pool, asyncio::remote<&compute_some_thing>, numbers))
        std::printf("%.17g\n", root);
    const int worker = co_await loop.run_in_executor(pool, asyncio::remote<&process_id>);
    std::printf("another process: %d\n", worker != ::getpid());
    co_await pool.aclose();
}

int main(int argc, char** argv) {
    if (asyncio::is_worker(argc, argv)) return asyncio::worker_main(argc, argv);
    asyncio::run(amain());
    return 0;
}
