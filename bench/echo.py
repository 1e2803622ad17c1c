#!/usr/bin/env python3
"""TCP echo on one core: our streams against a raw epoll server and against Asio's coroutines.

Each round starts all servers afresh (so that their memory layout varies as well) on one core and loads them from the
other, in turns of a twentieth of a second: nobody runs beside another, and all meet the same noise. What counts is the
server's processor time per request; requests/s depends on the client, too.
"""

import argparse
import contextlib
import json
import os
import re
import subprocess
import sys

from ratios import Row, print_table

CONFIGURATIONS = ((100, 1024), (1000, 1024))
PEERS = ("raw_epoll_echo", "asio_echo")


def cores():
    """The server's core and the client's: two different ones wherever there are two."""
    available = sorted(os.sched_getaffinity(0))
    return available[-1], available[0]


def pinned(core):
    return lambda: os.sched_setaffinity(0, {core})


class Server:
    """A server process, from its line "listening on PORT" to its end."""

    def __init__(self, path, core):
        self.process = subprocess.Popen([path, "0"], stdout=subprocess.PIPE, text=True, preexec_fn=pinned(core))
        line = self.process.stdout.readline()
        match = re.search(r"(\d+)\s*$", line)
        if match is None:
            self.process.kill()
            raise RuntimeError(f"{path} printed {line!r} instead of the port it listens on")
        self.port = int(match.group(1))

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def measure(paths, load_path, connections, size, seconds):
    """One round: what the client saw of each server, in the order of the paths."""
    server_core, client_core = cores()
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(Server(path, server_core)) for path in paths]
        output = subprocess.run(
            [load_path, *(f"{server.port}:{server.process.pid}" for server in servers),
             "--connections", str(connections), "--size", str(size), "--seconds", str(seconds)],
            stdout=subprocess.PIPE, check=True, text=True, preexec_fn=pinned(client_core)).stdout
    return json.loads(output)


def rows_for(connections, size):
    name = f"echo {connections} x {size // 1024} KiB"
    return {
        "cpu/raw": Row(f"{name}, server CPU per request", "raw epoll", "ns", 1.05),
        "cpu/asio": Row(f"{name}, server CPU per request", "Asio coroutines", "ns", 1.0),
        "rate/raw": Row(f"{name}, requests/s", "raw epoll", "1/s", 0.95, at_least=True),
    }


def run(ours, bench_dir, rounds, seconds, configurations=CONFIGURATIONS, log=lambda text: None):
    """Measures each configuration (connections, message size); returns the results in the order of the table."""
    servers = {"ours": ours, **{peer: os.path.join(bench_dir, "peers", peer) for peer in PEERS}}
    load = os.path.join(bench_dir, "load", "echo_load")
    results = []
    for connections, size in configurations:
        rows = rows_for(connections, size)
        for number in range(rounds):
            order = list(servers)
            order = order[number % len(order):] + order[:number % len(order)]
            seen = dict(zip(order, measure([servers[name] for name in order], load, connections, size, seconds)))
            cpu = {name: value["server_ns_per_request"] for name, value in seen.items()}
            rows["cpu/raw"].add(cpu["ours"], cpu["raw_epoll_echo"])
            rows["cpu/asio"].add(cpu["ours"], cpu["asio_echo"])
            rows["rate/raw"].add(seen["ours"]["requests_per_second"], seen["raw_epoll_echo"]["requests_per_second"])
            log(f"echo {connections} x {size}: round {number + 1}/{rounds}  "
                + "  ".join(f"{name} {value['server_ns_per_request']:.0f} ns {value['requests_per_second']:.0f}/s"
                            for name, value in sorted(seen.items())))
        results += [row.result() for row in rows.values()]
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--server", required=True, help="our echo server")
    parser.add_argument("--bench-dir", required=True, help="the folder bench of the build tree")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=1.0, help="load on each server in each round")
    options = parser.parse_args()
    log = lambda text: print(text, file=sys.stderr, flush=True)
    print_table(run(options.server, options.bench_dir, options.rounds, options.seconds, log=log))


if __name__ == "__main__":
    main()
