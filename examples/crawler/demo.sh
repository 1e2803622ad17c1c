#!/usr/bin/env bash
# What `./dev demo` runs: serves a real tree of several thousand HTML pages on a free port of this machine, crawls all of it,
# prints the report, and shows what concurrency is worth against fetching one page after the other.
#
#   demo.sh [--pages N] [--linkchecker]
#
#   --pages N       how many pages the comparison with --sequential fetches (500); "all" for the whole tree
#   --linkchecker   afterwards compare the broken links with what Debian's linkchecker finds (takes long)
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${DEMO_BUILD_DIR:-$here/build/programs}
results=${DEMO_RESULTS_DIR:-$here/build/demo}
pages=500
latency=20ms
linkchecker=no

die() {
    printf 'demo: %s\n' "$*" >&2
    exit 1
}
say() { printf '\n==> %s\n' "$*"; }

while [ $# -gt 0 ]; do
    case $1 in
        --pages) pages=${2:?--pages needs a number, or \"all\"} && shift ;;
        --linkchecker) linkchecker=yes ;;
        *) die "unknown option $1" ;;
    esac
    shift
done

# --- the tree, the programs, the servers -----------------------------------------------------------------------------------

tree=$(dpkg -L cppreference-doc-en-html 2>/dev/null | awk '/\/html$/ && !seen++')
[ -n "$tree" ] || die "the Debian package cppreference-doc-en-html is missing (./dev demo installs it)"

say "Building asyncio-crawl and static_server (release)"
cd "$here"
[ -f "$build/build.ninja" ] || cmake --preset gcc-release -B "$build" -DASYNCIO_BUILD_TESTS=OFF -DASYNCIO_BUILD_BENCH=OFF >/dev/null
cmake --build "$build" -j "${ASYNCIO_JOBS:-$(nproc)}" --target asyncio-crawl static_server ||
    die "building failed"
program() { awk -v name="$1" '$1 == name { print $3 }' "$build/examples/programs.txt"; }
crawl=$(program asyncio-crawl)
server=$(program static_server)
[ -x "$crawl" ] && [ -x "$server" ] || die "asyncio-crawl or static_server was not built"

mkdir -p "$results"
servers=()
cleanup() {
    for pid in "${servers[@]}"; do kill "$pid" 2>/dev/null || true; done
}
trap cleanup EXIT

# serve NAME [OPTION...]: starts a server on a free port, and sets `url` to its address.
serve() {
    local log=$results/server-$1.log
    shift
    "$server" --port 0 --root "$tree" "$@" >"$log" 2>&1 &
    servers+=($!)
    for _ in $(seq 100); do
        url=$(grep -o -m1 'http://[0-9.:]*/' "$log" || true)
        [ -n "$url" ] && return
        kill -0 "$!" 2>/dev/null || die "static_server ended: $(cat "$log")"
        sleep 0.1
    done
    die "static_server says no address"
}

serve "$latency" --latency "$latency"
slow_url=${url}en/index.html
serve local
fast_url=${url}en/index.html

# run NAME ARGUMENT...: one crawl, its report in NAME.json and NAME.txt. Broken links are findings here, no failure.
run() {
    local name=$1 status=0
    shift
    printf '%s:\n' "$name" >&2
    "$crawl" --json "$results/$name.json" "$@" >"$results/$name.txt" || status=$?
    [ "$status" -le 1 ] || exit "$status"
    for pid in "${servers[@]}"; do
        kill -0 "$pid" 2>/dev/null || die "static_server ended during $name"
    done
}

# --- the crawl -------------------------------------------------------------------------------------------------------------

files=$(find -L "$tree" -type f | wc -l)
html=$(find -L "$tree" -name '*.html' | wc -l)
say "Crawling $tree ($files files, $html of them HTML), served with $latency latency, 64 fetches at a time"
run crawl --timeline "$results/timeline.html" "$slow_url"
lines=$(wc -l <"$results/crawl.txt")
head -n 60 "$results/crawl.txt"
[ "$lines" -le 60 ] || printf '  ... %d more lines in %s\n' $((lines - 60)) "$results/crawl.txt"

# --- the comparison --------------------------------------------------------------------------------------------------------

limit=()
if [ "$pages" = all ]; then
    say "Concurrent against sequential, on the whole tree"
else
    limit=(--max-pages "$pages")
    say "Concurrent against sequential, on the first $pages pages only (breadth first; ./dev demo --pages all takes minutes)"
fi
run concurrent-$latency "${limit[@]}" "$slow_url"
run sequential-$latency --sequential "${limit[@]}" "$slow_url"
run concurrent-local "${limit[@]}" "$fast_url"
run sequential-local --sequential "${limit[@]}" "$fast_url"

python3 - "$results" "$latency" <<'PYTHON'
import json, sys
results, latency = sys.argv[1:]
def rate(name):
    report = json.load(open(f"{results}/{name}.json"))
    return report["pages"], report["fetches"], report["seconds"], report["fetches"] / report["seconds"]
print(f"  {'':22}{'pages':>7}{'fetches':>9}{'seconds':>9}{'fetches/s':>11}")
for title, kind in ((f"latency {latency}", latency), ("no latency", "local")):
    rates = {}
    for way in ("concurrent", "sequential"):
        pages, fetches, seconds, rates[way] = rate(f"{way}-{kind}")
        print(f"  {title + ', ' + way:26}{pages:3}{fetches:9}{seconds:9.2f}{rates[way]:11.1f}")
    print(f"  {title}: concurrent is {rates['concurrent'] / rates['sequential']:.1f} times as fast")
    if kind == "local": print("  (nothing to wait for: what is measured is the work that server and crawler do on this machine's cores)")
    print()
PYTHON

say "Timeline of the crawl: $results/timeline.html (open it in a browser); report: $results/crawl.json"

if [ "$linkchecker" = yes ]; then
    say "Comparing with linkchecker"
    python3 "$here/examples/crawler/compare_linkchecker.py" "$fast_url"  --crawl "$crawl" --keep "$results"
fi
