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
targets=(await_bench task_bench ready_bench timer_bench generator_bench context_bench executor_bench pool_bench process_bench post_bench
    cancel_bench many_bench sync_bench memory_sleeping_tasks memory_million_jobs
    peers_raw_epoll_echo peers_asio_echo load_echo_load example_echo_server compile_hello)

if [[ ! -f $build/CMakeCache.txt ]]; then
    cmake -S "$root" --preset gcc-release -B "$build" >&2
fi
# Peers that are optional: a machine without them has no rows for them.
grep -q '^LIBUV_INCLUDE_DIR:PATH=/' "$build/CMakeCache.txt" && targets+=(peers_uv_timers)
cmake --build "$build" --target "${targets[@]}" >&2
cargo=/usr/bin/cargo
if [[ -x $cargo && -d /usr/share/cargo/registry ]]; then
    # Debian's own compiler and crates; whatever the user has in ~/.cargo stays out of it.
    mkdir -p "$build/bench/tokio"
    cp -r "$root/bench/peers/tokio/." "$build/bench/tokio/source"
    (cd "$build/bench/tokio/source" &&
        CARGO_HOME=$build/bench/tokio/home RUSTC=/usr/bin/rustc $cargo build --quiet --release --offline \
            --target-dir "$build/bench/tokio") >&2 || echo "bench: the tokio peer was not built" >&2
fi
exec python3 "$root/bench/run.py" --build-dir "$build" "$@"
