"""What the C++ benchmarks measure, in CPython's asyncio: prints nanoseconds of processor time per item as JSON.

    python_peers.py [--uvloop] PREFIX
"""

import asyncio
import contextvars
import json
import sys
import time

FEW = 10
MANY = 1000


def nanoseconds(begin, count):
    return (time.process_time() - begin) * 1e9 / count


async def child(n):
    return n + 1


async def wait_deep(depth):
    if depth > 1:
        await wait_deep(depth - 1)
    else:
        await asyncio.sleep(3600)


async def cancel(depth):
    tasks = [asyncio.create_task(wait_deep(depth)) for _ in range(MANY)]
    await asyncio.sleep(0)
    begin = time.process_time()
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    return nanoseconds(begin, MANY)


async def gather(count):
    rounds = 5000 // count
    begin = time.process_time()
    for _ in range(rounds):
        await asyncio.gather(*[child(i) for i in range(count)])
    return nanoseconds(begin, rounds * count)


async def task_group():
    begin = time.process_time()
    for _ in range(5):
        async with asyncio.TaskGroup() as group:
            for i in range(MANY):
                group.create_task(child(i))
    return nanoseconds(begin, 5 * MANY)


async def wait_first(count):
    loop = asyncio.get_running_loop()
    futures = [loop.create_future() for _ in range(count)]
    begin = time.process_time()
    pending = set(futures)
    for future in futures:
        future.set_result(1)
        _, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
    return nanoseconds(begin, count * (count + 1) / 2)


async def as_completed(count):
    begin = time.process_time()
    for item in asyncio.as_completed([child(i) for i in range(count)]):
        await item
    return nanoseconds(begin, count)


async def wait_for():
    begin = time.process_time()
    for i in range(MANY):
        await asyncio.wait_for(child(i), 3600)
    return nanoseconds(begin, MANY)


async def timeout():
    begin = time.process_time()
    for i in range(MANY):
        async with asyncio.timeout(3600):
            await child(i)
    return nanoseconds(begin, MANY)


def ignore():
    pass


async def timers():
    loop = asyncio.get_running_loop()
    state = 1

    def delay():
        nonlocal state
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        return 3600 + (state >> 33) * 1676e-9

    alive = [loop.call_later(delay(), ignore) for _ in range(100_000)]
    delays = [delay() for _ in range(5000)]
    begin = time.process_time()
    for index, value in enumerate(delays):
        loop.call_later(value, ignore).cancel()
        if index % 100 == 0:
            await asyncio.sleep(0)
    result = nanoseconds(begin, len(delays))
    for handle in alive:
        handle.cancel()
    return result


variable = contextvars.ContextVar("variable", default=0)


async def context_get():
    begin = time.process_time()
    for _ in range(100_000):
        variable.get()
    return nanoseconds(begin, 100_000)


async def context_set():
    begin = time.process_time()
    for _ in range(20_000):
        variable.reset(variable.set(1))
    return nanoseconds(begin, 20_000)


async def measure():
    return {
        "cancel/1": await cancel(1),
        "cancel/10": await cancel(FEW),
        "gather/10": await gather(FEW),
        "gather/1000": await gather(MANY),
        "task_group": await task_group(),
        "wait_first": await wait_first(300),
        "as_completed": await as_completed(10_000),
        "wait_for": await wait_for(),
        "timeout": await timeout(),
        "context_get": await context_get(),
        "context_set": await context_set(),
        "timer": await timers(),
    }


def main():
    arguments = sys.argv[1:]
    if "--uvloop" in arguments:
        arguments.remove("--uvloop")
        import uvloop

        asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    prefix = arguments[0]
    print(json.dumps({f"{prefix}_{name}": value for name, value in asyncio.run(measure()).items()}))


if __name__ == "__main__":
    main()
