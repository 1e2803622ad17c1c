"""The small benchmarks: Google Benchmark programs, memory, and peers in other languages.

A round runs each program once, afresh. Inside a program the repetitions of all its benchmarks are interleaved at random,
and the median of a benchmark's repetitions is its value in that round.
"""

import json
import os
import re
import statistics
import subprocess
import sys

from ratios import Row

REPETITIONS = 3
# What Google Benchmark appends to names.
SUFFIX = r"(/iterations:[0-9]+)?(/(real|manual)_time)?"
# Programs that take long and vary little: measured in the first rounds only.
FEW_ROUNDS = {"memory/million_jobs": 3}

# Peers that print all they measure as JSON; a peer that is not installed has no rows.
FOREIGN = {"uv": "libuv", "tokio": "tokio", "cpython": "CPython", "uvloop": "uvloop", "sync": None, "pool": None}
# uvloop is there for Debian's own Python only.
PYTHON = "/usr/bin/python3" if os.access("/usr/bin/python3", os.X_OK) else "python3"


class Comparison:
    """A row of the table and where its numbers come from: names of benchmarks in one program, or of a peer's own program.

    Of several benchmarks of the peer the cheapest of the round counts; an absolute row needs none.
    """

    def __init__(self, program, row, ours, *peers, peer_program=None):
        self.program = program
        self.peer_program = peer_program
        self.row = row
        self.ours = ours
        self.peers = peers

    def names(self, program):
        """Which benchmarks of a program this needs."""
        names = set()
        if program == self.program:
            names.add(self.ours)
        if program == (self.peer_program or self.program):
            names.update(self.peers)
        return names

    def add(self, values):
        """One round. Without a row when a peer that need not be installed is not."""
        if self.program not in values:  # not measured in every round
            return
        theirs = values[self.peer_program or self.program]
        if all(peer in theirs for peer in self.peers):
            self.row.add(values[self.program][self.ours], min((theirs[peer] for peer in self.peers), default=None))


def comparisons():
    def foreign(peer, program, row, target, ours, name):
        """A comparison with a peer in another language."""
        return Comparison(program, Row(row, FOREIGN[peer], "ns", target), ours, f"{peer}_{name}", peer_program=peer)

    def python(program, row, ours, name):
        return [foreign(peer, program, row, None, ours, name) for peer in ("cpython", "uvloop")]

    def jobs(in_flight, name):
        """Rows of jobs in threads, in processes."""
        thread = f"job of 1 KiB in a thread, {name}"
        process = f"job of 1 KiB in a process, {name}"
        many = "_many" if in_flight > 1 else ""
        best = 1 if in_flight > 1 else None
        ours = f"job{many}_asyncio"

        def pool(row, peer_name, target, program, ours, peer):
            return Comparison(program, Row(row, peer_name, "ns", target), ours, f"{peer}/{in_flight}", peer_program="pool")

        return [
            Comparison("pool_bench", Row(thread, "mutex and condition variable", "ns", 1.3), ours, f"job{many}_bare"),
            Comparison("pool_bench", Row(thread, "Asio thread_pool", "ns", best), ours, f"job{many}_asio"),
            pool(thread, "Go, goroutines", best, "pool_bench", ours, "job_go"),
            foreign("tokio", "pool_bench", thread, best, ours, f"job/{in_flight}"),
            pool(thread, "CPython", best, "pool_bench", ours, "job_cpython"),
            pool(thread, "uvloop", best, "pool_bench", ours, "job_uvloop"),
            Comparison("process_bench", Row(process, "rings by hand", "ns", 2),
                       f"process{many}_asyncio", f"process{many}_ring"),
            pool(process, "CPython", 1 / 80 if in_flight > 1 else None, "process_bench", f"process{many}_asyncio",
                 "process_cpython"),
        ]

    hand, asio, steady_timer = "hand-written", "Asio awaitable", "Asio steady_timer"
    alive = "timer, create and cancel, 100,000 alive"
    later = "timer, cancelled one iteration later"
    call_soon = "our call_soon"
    child, level = "await of a child that returns at once", "await, each level of 1000"
    return [
        Comparison("await_bench", Row(child, hand, "ns", 1.4), "await_asyncio", "await_minimal"),
        Comparison("await_bench", Row(child, asio, "ns", 0.7), "await_asyncio", "await_asio"),
        Comparison("await_bench", Row(level, hand, "ns", 1.4), "chain_asyncio", "chain_minimal"),
        Comparison("await_bench", Row(level, asio, "ns", 0.7), "chain_asyncio", "chain_asio"),
        Comparison("task_bench", Row("create_task and await it", "Asio co_spawn", "ns", 0.25),
                   "task_asyncio", "task_asio_default"),
        Comparison("task_bench", Row("create_task and await it", "Asio co_spawn, tuned", "ns", 0.25),
                   "task_asyncio", "task_asio_awaitable", "task_asio_callback"),
        Comparison("ready_bench", Row("call_soon", "Asio post", "ns", 0.25), "call_soon_asyncio", "call_soon_asio"),
        Comparison("ready_bench", Row("sleep(0)", "our call_soon", "ns", 3), "sleep_zero_asyncio", "call_soon_asyncio"),
        Comparison("timer_bench", Row(alive, steady_timer, "ns", 0.25),
                   "timer_asyncio", "timer_asio"),
        Comparison("timer_bench", Row("timer, the same with absolute deadlines", steady_timer, "ns", 0.25),
                   "timer_at_asyncio", "timer_at_asio"),
        Comparison("timer_bench", Row(later, steady_timer, "ns", 0.25),
                   "timer_later_asyncio", "timer_later_asio"),
        foreign("uv", "timer_bench", alive, 0.2, "timer_asyncio", "timer"),
        foreign("uv", "timer_bench", later, 0.2, "timer_later_asyncio", "timer_later"),
        foreign("tokio", "timer_bench", alive, 0.2, "timer_asyncio", "timer"),
        foreign("tokio", "timer_bench", later, 0.2, "timer_later_asyncio", "timer_later"),
        *python("timer_bench", alive, "timer_asyncio", "timer"),
        Comparison("cancel_bench", Row("cancel of a suspended task", "C++ throw and catch", "ns", 1.3),
                   "cancel_asyncio/1", "throw_and_catch/1"),
        Comparison("cancel_bench", Row("cancel of a task 10 coroutines deep", "throw through 10 functions", "ns", 1.3),
                   "cancel_asyncio/10", "throw_and_catch/10"),
        *python("cancel_bench", "cancel of a suspended task", "cancel_asyncio/1", "cancel/1"),
        Comparison("many_bench", Row("gather of 10, each", "Asio, counted by hand", "ns"), "gather_asyncio/10", "gather_asio/10"),
        foreign("tokio", "many_bench", "gather of 10, each", None, "gather_asyncio/10", "gather/10"),
        *python("many_bench", "gather of 10, each", "gather_asyncio/10", "gather/10"),
        Comparison("many_bench", Row("gather of 1000, each", "Asio, counted by hand", "ns"),
                   "gather_asyncio/1000", "gather_asio/1000"),
        foreign("tokio", "many_bench", "gather of 1000, each", None, "gather_asyncio/1000", "gather/1000"),
        *python("many_bench", "gather of 1000, each", "gather_asyncio/1000", "gather/1000"),
        Comparison("many_bench", Row("TaskGroup of 1000, each", "our gather of 1000", "ns"),
                   "task_group_asyncio/1000", "gather_asyncio/1000"),
        *python("many_bench", "TaskGroup of 1000, each", "task_group_asyncio/1000", "task_group"),
        Comparison("many_bench", Row("wait, FIRST_COMPLETED of 1000, each", "the same of 100", "ns"),
                   "wait_first_asyncio/1000", "wait_first_asyncio/100"),
        *python("many_bench", "wait, FIRST_COMPLETED of 1000, each", "wait_first_asyncio/1000", "wait_first"),
        Comparison("many_bench", Row("as_completed of 10,000, each", "the same of 100", "ns"),
                   "as_completed_asyncio/10000", "as_completed_asyncio/100"),
        *python("many_bench", "as_completed of 10,000, each", "as_completed_asyncio/10000", "as_completed"),
        Comparison("many_bench", Row("wait_for that does not expire", "our timer, create and cancel", "ns"),
                   "wait_for_asyncio", "timer_alone"),
        Comparison("many_bench", Row("wait_for that does not expire", "its child and two timers", "ns", 1),
                   "wait_for_asyncio", "child_and_two_timers"),
        *python("many_bench", "wait_for that does not expire", "wait_for_asyncio", "wait_for"),
        Comparison("many_bench", Row("timeout() that does not expire", "our timer, create and cancel", "ns"),
                   "timeout_asyncio", "timer_alone"),
        Comparison("many_bench", Row("timeout() that does not expire", "its body and two timers", "ns", 1),
                   "timeout_asyncio", "body_and_two_timers"),
        *python("many_bench", "timeout() that does not expire", "timeout_asyncio", "timeout"),
        *python("context_bench", "ContextVar.get", "get_set/10", "context_get"),
        *python("context_bench", "ContextVar.set and reset", "set_and_reset/1", "context_set"),
        Comparison("generator_bench", Row("next() of a generator that yields at once", "our await of a child", "ns"),
                   "generator_next", "generator_child"),
        Comparison("context_bench", Row("create_task with 10 context variables set", "with none", "ns"),
                   "create_task/10", "create_task/0"),
        Comparison("executor_bench", Row("job in a thread, awaited", "Asio thread_pool", "ns"),
                   "executor_asyncio", "executor_asio_post", "executor_asio_spawn"),
        Comparison("executor_bench", Row("job in a thread, 1000 in flight", "Asio thread_pool", "ns"),
                   "executor_many_asyncio", "executor_many_asio"),
        *jobs(1, "one at a time"),
        *jobs(50, "50 in flight"),
        Comparison("memory/million_jobs", Row("growth in 1,000,000 jobs, thread pool", None, "KiB", 1024, absolute=True),
                   "threads"),
        Comparison("memory/million_jobs", Row("growth in 1,000,000 jobs, process pool", None, "KiB", 1024, absolute=True),
                   "processes"),
        Comparison("post_bench", Row("call_soon_threadsafe, loop awake", "lock-free queue, eventfd", "ns", 1.3),
                   "post_awake_asyncio", "post_awake_bare"),
        Comparison("post_bench", Row("call_soon_threadsafe, loop asleep", "lock-free queue, eventfd", "ns", 1.3),
                   "post_asleep_asyncio", "post_asleep_bare"),
        Comparison("sync_bench", Row("lock and unlock, free", call_soon, "ns", 3), "lock_free", "call_soon_asyncio"),
        Comparison("sync_bench", Row("lock handed to the other task", call_soon, "ns", 5),
                   "lock_hand_over", "call_soon_asyncio"),
        Comparison("sync_bench", Row("Queue per item, capacity 1024", call_soon, "ns", 3),
                   "queue_items/1024", "call_soon_asyncio"),
        Comparison("sync_bench", Row("Queue per item, capacity 1", call_soon, "ns", 6), "queue_items/1", "call_soon_asyncio"),
        Comparison("sync_bench", Row("Queue per item, capacity 1024", "Asio channel", "ns"),
                   "queue_items/1024", "channel_asio/1024"),
        Comparison("sync_bench", Row("Queue per item, capacity 1", "Asio channel", "ns"), "queue_items/1", "channel_asio/1"),
        Comparison("sync_bench", Row("Event: waking each of 100,000", "each of 1000", "ns"),
                   "event_wake/100000", "event_wake/1000"),
        Comparison("sync_bench", Row("PriorityQueue of 1,000,000, put and get", "std::priority_queue", "ns", 1.2),
                   "priority_asyncio", "priority_std"),
        Comparison("sync_bench", Row("Queue per item, capacity 1024", "Go channel", "ns", 0.2), "queue_items/1024", "channel_go/1024", peer_program="sync"),
        Comparison("sync_bench", Row("Queue per item, capacity 1", "Go channel", "ns", 0.2), "queue_items/1", "channel_go/1", peer_program="sync"),
        foreign("tokio", "sync_bench", "Queue per item, capacity 1024", 0.2, "queue_items/1024", "items/1024"),
        foreign("tokio", "sync_bench", "Queue per item, capacity 1", 0.2, "queue_items/1", "items/1"),
        Comparison("sync_bench", Row("lock and unlock, free", "asyncio", "ns"), "lock_free", "lock_python", peer_program="sync"),
        Comparison("sync_bench", Row("Queue per item, capacity 1", "asyncio", "ns"), "queue_items/1", "queue_python/1", peer_program="sync"),
        Comparison("memory/sleeping_tasks", Row("memory of a sleeping task", "Asio awaitable", "bytes", 320, absolute=True),
                   "asyncio", "asio"),
    ]


def google_benchmark(path, names, min_time):
    """Nanoseconds per item of each named benchmark."""
    output = subprocess.run(
        [path, "--benchmark_format=json", f"--benchmark_min_time={min_time}", f"--benchmark_repetitions={REPETITIONS}",
         "--benchmark_enable_random_interleaving=true", f"--benchmark_filter=^({'|'.join(sorted(names))}){SUFFIX}$"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, text=True).stdout
    seen = {}
    for run in json.loads(output)["benchmarks"]:
        if run.get("error_occurred"):
            raise RuntimeError(f"{path}: {run['name']}: {run['error_message']}")
        if run["run_type"] == "iteration":
            seen.setdefault(re.sub(f"{SUFFIX}$", "", run["run_name"]), []).append(1e9 / run["items_per_second"])
    return {name: statistics.median(values) for name, values in seen.items()}


def memory(path, names):
    """What a program says of the memory that each of its arguments needs."""
    values = {}
    for name in sorted(names):
        output = subprocess.run([path, name], stdout=subprocess.PIPE, check=True, text=True).stdout
        values[name] = json.loads(output)["value"]
    return values


def foreign_peer(name, bench_dir):
    """Nanoseconds per item of all that the peer measures; nothing when it is not installed."""
    here = os.path.dirname(os.path.abspath(__file__))
    commands = {
        "uv": [os.path.join(bench_dir, "peers", "uv_timers")],
        "tokio": [os.path.join(bench_dir, "tokio", "release", "tokio_peer")],
        "cpython": [PYTHON, os.path.join(here, "peers", "python_peers.py"), "cpython"],
        "uvloop": [PYTHON, os.path.join(here, "peers", "python_peers.py"), "--uvloop", "uvloop"],
        "sync": [PYTHON, os.path.join(here, "peers", "sync_peers.py"), bench_dir],  # Go's channels and asyncio's queues
        "pool": [PYTHON, os.path.join(here, "peers", "pool_peers.py"), bench_dir],  # Go's and Python's pools
    }
    command = commands[name]
    if not os.access(command[0], os.X_OK):
        return {}
    if name == "uvloop" and subprocess.run([PYTHON, "-c", "import uvloop"], stderr=subprocess.DEVNULL).returncode != 0:
        return {}
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout)


def measure(program, names, bench_dir, min_time):
    """What one program measures in one round, by name."""
    if program in FOREIGN:
        return foreign_peer(program, bench_dir)
    path = os.path.join(bench_dir, program)
    if program.startswith("memory/"):
        return memory(path, names)
    return google_benchmark(path, names, min_time)


def run(chosen, bench_dir, rounds, min_time, log=lambda text: None):
    """Measures the chosen comparisons; returns their results in the same order."""
    programs = dict.fromkeys(program for comparison in chosen
                             for program in (comparison.program, comparison.peer_program) if program)
    for number in range(rounds):
        values = {}
        for program in programs:
            if number >= FEW_ROUNDS.get(program, rounds):
                continue
            names = set().union(*(comparison.names(program) for comparison in chosen))
            values[program] = measure(program, names, bench_dir, min_time)
        for comparison in chosen:
            comparison.add(values)
        log(f"small benchmarks: round {number + 1}/{rounds}")
    missing = {comparison.row.peer_name for comparison in chosen if comparison.peers and not comparison.row.ours}
    if missing:
        log(f"not installed, hence without rows: {', '.join(sorted(missing))}")
    return [comparison.row.result() for comparison in chosen if comparison.row.ours]
