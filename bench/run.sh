#!/usr/bin/env bash
# Builds the benchmarks and runs them in interleaved rounds; prints one table of ratios against the peers.
#
#     bench/run.sh [--json FILE] [--filter REGEX]
#
# BENCH_ROUNDS        rounds, 15 unless told (3 is enough for a first look)
# BENCH_ECHO_SECONDS  load on each echo server in each round, 1 unless told
# BENCH_BUILD_DIR     build tree, build/gcc-release unless told
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${BENCH_BUILD_DIR:-$root/build/gcc-release}
targets=(await_bench task_bench ready_bench timer_bench generator_bench context_bench executor_bench memory_sleeping_tasks
    peers_raw_epoll_echo peers_asio_echo load_echo_load example_echo_server)

if [[ ! -f $build/CMakeCache.txt ]]; then
    cmake -S "$root" --preset gcc-release -B "$build" >&2
fi
cmake --build "$build" --target "${targets[@]}" >&2
exec python3 "$root/bench/run.py" --build-dir "$build" "$@"
