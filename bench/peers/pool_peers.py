"""Jobs of 1 KiB in and out in two workers elsewhere, one at a time and 50 in flight: goroutines behind a channel where
there is a Go compiler, and the pools of this Python's concurrent.futures under asyncio and uvloop.

Prints nanoseconds per job as JSON; what cannot be measured here is left out. Time is that of the clock on the wall, as
for the C++ pools: several threads and processes take part.

    pool_peers.py FOLDER    where Go programs are built
"""

import asyncio
import collections
import concurrent.futures
import json
import sys
import time

from go_peer import go_peer

JOBS = 10_000
WORKERS = 2
TEXT = b"x" * 1024

try:
    import uvloop
except ImportError:
    uvloop = None


def turn_around(text):
    return text[-1:] + text[1:-1] + text[:1]


async def nanoseconds_per_job(pool, in_flight):
    loop = asyncio.get_running_loop()
    await asyncio.gather(*(loop.run_in_executor(pool, turn_around, TEXT) for _ in range(100)))
    flying = collections.deque()
    begin = time.perf_counter()
    for _ in range(JOBS):
        if len(flying) == in_flight:
            await flying.popleft()
        flying.append(loop.run_in_executor(pool, turn_around, TEXT))
    await asyncio.gather(*flying)
    return (time.perf_counter() - begin) / JOBS * 1e9


async def measure(name, pool_type):
    with pool_type(max_workers=WORKERS) as pool:
        return {f"{name}/{in_flight}": await nanoseconds_per_job(pool, in_flight) for in_flight in (1, 50)}


def main():
    values = go_peer(sys.argv[1], "pool")
    values |= asyncio.run(measure("process_cpython", concurrent.futures.ProcessPoolExecutor))
    values |= asyncio.run(measure("job_cpython", concurrent.futures.ThreadPoolExecutor))
    if uvloop is not None:
        asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
        values |= asyncio.run(measure("job_uvloop", concurrent.futures.ThreadPoolExecutor))
    print(json.dumps(values))


if __name__ == "__main__":
    main()
