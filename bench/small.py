"""The small benchmarks: Google Benchmark programs, and the memory of a sleeping task.

A round runs each program once, afresh. Inside a program the repetitions of all its benchmarks are interleaved at random,
and the median of a benchmark's repetitions is its value in that round.
"""

import json
import os
import statistics
import subprocess

from ratios import Row

REPETITIONS = 3


class Comparison:
    """A row of the table and where its numbers come from: names of benchmarks in one program.

    Of several benchmarks of the peer the cheapest of the round counts.
    """

    def __init__(self, program, row, ours, *peers):
        self.program = program
        self.row = row
        self.ours = ours
        self.peers = peers

    def add(self, values):
        self.row.add(values[self.ours], min(values[peer] for peer in self.peers))


def comparisons():
    hand, asio, steady_timer = "hand-written", "Asio awaitable", "Asio steady_timer"
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
        Comparison("timer_bench", Row("timer, create and cancel, 100,000 alive", steady_timer, "ns", 0.25),
                   "timer_asyncio", "timer_asio"),
        Comparison("timer_bench", Row("timer, the same with absolute deadlines", steady_timer, "ns", 0.25),
                   "timer_at_asyncio", "timer_at_asio"),
        Comparison("timer_bench", Row("timer, cancelled one iteration later", steady_timer, "ns", 0.25),
                   "timer_later_asyncio", "timer_later_asio"),
        Comparison("generator_bench", Row("next() of a generator that yields at once", "our await of a child", "ns"),
                   "generator_next", "generator_child"),
        Comparison("context_bench", Row("create_task with 10 context variables set", "with none", "ns"),
                   "create_task/10", "create_task/0"),
        Comparison("executor_bench", Row("job in a thread, awaited", "Asio thread_pool", "ns"),
                   "executor_asyncio", "executor_asio_post", "executor_asio_spawn"),
        Comparison("executor_bench", Row("job in a thread, 1000 in flight", "Asio thread_pool", "ns"),
                   "executor_many_asyncio", "executor_many_asio"),
        Comparison("memory/sleeping_tasks", Row("memory of a sleeping task", "Asio awaitable", "bytes", 320, absolute=True),
                   "asyncio", "asio"),
    ]


def google_benchmark(path, names, min_time):
    """Nanoseconds per item of each named benchmark."""
    output = subprocess.run(
        [path, "--benchmark_format=json", f"--benchmark_min_time={min_time}", f"--benchmark_repetitions={REPETITIONS}",
         "--benchmark_enable_random_interleaving=true", f"--benchmark_filter=^({'|'.join(sorted(names))})(/real_time)?$"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, text=True).stdout
    seen = {}
    for run in json.loads(output)["benchmarks"]:
        if run.get("error_occurred"):
            raise RuntimeError(f"{path}: {run['name']}: {run['error_message']}")
        if run["run_type"] == "iteration":
            seen.setdefault(run["run_name"].removesuffix("/real_time"), []).append(1e9 / run["items_per_second"])
    return {name: statistics.median(values) for name, values in seen.items()}


def sleeping_tasks(path):
    """Bytes of each sleeping task, of ours and of Asio's."""
    values = {}
    for name in ("asyncio", "asio"):
        output = subprocess.run([path, name], stdout=subprocess.PIPE, check=True, text=True).stdout
        values[name] = json.loads(output)["bytes_per_task"]
    return values


def run(chosen, bench_dir, rounds, min_time, log=lambda text: None):
    """Measures the chosen comparisons; returns their results in the same order."""
    programs = dict.fromkeys(comparison.program for comparison in chosen)
    for number in range(rounds):
        for program in programs:
            wanted = [comparison for comparison in chosen if comparison.program == program]
            names = {name for comparison in wanted for name in (comparison.ours, *comparison.peers)}
            path = os.path.join(bench_dir, program)
            is_memory = program.startswith("memory/")
            values = sleeping_tasks(path) if is_memory else google_benchmark(path, names, min_time)
            for comparison in wanted:
                comparison.add(values)
        log(f"small benchmarks: round {number + 1}/{rounds}")
    return [comparison.row.result() for comparison in chosen]
