#pragma once

#include <cstdio>
#include <relacy/relacy.hpp>

/// Runs every execution in which threads are switched at most `switches` times while they could go on, besides where
/// they wait. Says what it found.
template <class Model>
bool explored(const char* name, unsigned switches) {
    rl::test_params params;
    params.search_type = rl::sched_bound;
    params.context_bound = switches;
    params.iteration_count = 100'000'000;  // the search ends by itself, long before
    rl::ostringstream messages;
    params.output_stream = &messages;
    params.progress_stream = &messages;
    const bool good = rl::simulate<Model>(params);
    std::printf("%s, %u switches: %s in %llu executions\n", name, switches, good ? "no fault" : "FAULT",
                static_cast<unsigned long long>(params.stop_iteration));
    if (!good) std::puts(messages.str().c_str());
    return good;
}
