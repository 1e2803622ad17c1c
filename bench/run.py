#!/usr/bin/env python3
"""Runs the benchmarks and prints one table: ours, peer, ratio, spread, target. Called by bench/run.sh."""

import argparse
import json
import os
import platform
import re
import sys

import compile_time
import echo
import small
from ratios import print_table


def log(text):
    """Progress: one line that is overwritten on a terminal, plain lines elsewhere."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
    else:
        print(text, file=sys.stderr, flush=True)


def parse():
    parser = argparse.ArgumentParser(prog="bench/run.sh", description=__doc__)
    parser.add_argument("--json", metavar="FILE", help="write the table there as well, as JSON")
    parser.add_argument("--filter", metavar="REGEX", default="", help="only the rows whose name matches")
    parser.add_argument("--build-dir", required=True, help=argparse.SUPPRESS)
    return parser.parse_args()


def main():
    options = parse()
    rounds = int(os.environ.get("BENCH_ROUNDS", "15"))
    seconds = float(os.environ.get("BENCH_ECHO_SECONDS", "1"))
    bench_dir = os.path.join(options.build_dir, "bench")
    server = os.path.join(options.build_dir, "examples", "echo_server")

    def matches(name):
        return re.search(options.filter, name, re.IGNORECASE) is not None

    chosen = [comparison for comparison in small.comparisons() if matches(comparison.row.name)]
    configurations = [c for c in echo.CONFIGURATIONS if any(matches(row.name) for row in echo.rows_for(*c).values())]
    compiled = [name for name in compile_time.names() if matches(name)]
    if not chosen and not configurations and not compiled:
        sys.exit(f"bench/run.sh: no row matches {options.filter!r}")

    results = small.run(chosen, bench_dir, rounds, 0.05, log) if chosen else []
    results += echo.run(server, bench_dir, rounds, seconds, configurations, log)
    if compiled:
        results += compile_time.run(options.build_dir, rounds, compiled, log)
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)
    print_table(results)
    judged = [result["met"] for result in results if result["met"] is not None]
    print(f"\n{sum(judged)} of {len(judged)} targets met; {rounds} rounds, medians of the ratios within a round.")
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({"machine": platform.platform(), "cores": os.cpu_count(), "rounds": rounds, "rows": results}, file,
                      indent=2)
            file.write("\n")


if __name__ == "__main__":
    main()
