// What a million jobs leave behind: the growth of the resident memory of this process and of its workers, after as many
// jobs as warm up, in KiB. `million_jobs threads` or `million_jobs processes`.

#include "../turn_around.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/executor/process_pool_executor.hpp>

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <deque>
#include <string>
#include <string_view>

namespace {

constexpr int warm_up = 100'000;
constexpr int jobs = 1'000'000;
using turn_around::in_flight;
using turn_around::payload;
using turn_around::workers;

long resident_kib(int process) {
    std::FILE* const file = std::fopen(("/proc/" + std::to_string(process) + "/statm").c_str(), "re");
    long pages = 0;
    if (file == nullptr || std::fscanf(file, "%*d %ld", &pages) != 1) std::abort();
    std::fclose(file);
    return pages * (::sysconf(_SC_PAGESIZE) / 1024);
}

/// `submit()` gives a job to the pool.
template <class Submit>
void run(int count, Submit submit) {
    std::deque<asyncio::futures::Future<std::string>> flying;
    for (int i = 0; i < count; ++i) {
        if (flying.size() == in_flight) {
            flying.front().result();
            flying.pop_front();
        }
        flying.push_back(submit());
    }
    for (const auto& future : flying) future.result();
}

template <class Submit, class Resident>
void report_growth(Submit submit, Resident resident) {
    run(warm_up, submit);
    const long before = resident();
    run(jobs, submit);
    std::printf("{\"value\": %ld}\n", resident() - before);
}

void measure_threads(const std::string& text) {
    asyncio::futures::ThreadPoolExecutor pool({.max_workers = workers});
    report_growth([&] { return pool.submit(turn_around::job, text); }, [] { return resident_kib(::getpid()); });
}

void measure_processes(const std::string& text) {
    asyncio::futures::ProcessPoolExecutor pool({.max_workers = workers});
    report_growth([&] { return pool.submit(asyncio::remote<&turn_around::job>, text); },
                  [&] {
                      long all = resident_kib(::getpid());
                      for (const int worker : pool.worker_pids()) all += resident_kib(worker);
                      return all;
                  });
}

}  // namespace

int main(int argc, char** argv) {
    if (asyncio::is_worker(argc, argv)) return asyncio::worker_main(argc, argv);
    const std::string text(payload, 'x');
    if (argc > 1 && std::string_view(argv[1]) == "threads") {
        measure_threads(text);
    } else {
        measure_processes(text);
    }
}
