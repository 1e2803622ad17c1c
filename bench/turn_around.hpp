#pragma once

#include <cstddef>
#include <string>
#include <utility>

/// What pool_bench, process_bench, memory/million_jobs and their peers run: jobs of 1 KiB in and out in two workers.
namespace turn_around {

inline constexpr std::size_t payload = 1024;
inline constexpr int in_flight = 50;
inline constexpr int workers = 2;

inline std::string job(std::string text) {
    std::swap(text.front(), text.back());
    return text;
}

}  // namespace turn_around
