"""What locks and queues cost elsewhere: Go's channels where there is a Go compiler, and asyncio of this Python.

Prints nanoseconds per item as JSON; what cannot be measured here is left out.
"""

import asyncio
import json
import pathlib
import shutil
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent


async def lock_free(count):
    lock = asyncio.Lock()
    start = time.perf_counter()
    for _ in range(count):
        await lock.acquire()
        lock.release()
    return (time.perf_counter() - start) / count * 1e9


async def queue_items(maxsize, count):
    queue = asyncio.Queue(maxsize)

    async def produce():
        for item in range(count):
            await queue.put(item)

    start = time.perf_counter()
    producer = asyncio.create_task(produce())
    for _ in range(count):
        await queue.get()
    await producer
    return (time.perf_counter() - start) / count * 1e9


def go_channels(folder):
    if shutil.which("go") is None:
        return {}
    program = pathlib.Path(folder) / "peer_go_channel"
    source = HERE / "channel.go"
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        subprocess.run(["go", "build", "-o", str(program), str(source)], check=True, stdout=subprocess.DEVNULL)
    return json.loads(subprocess.run([str(program)], check=True, stdout=subprocess.PIPE, text=True).stdout)


def main():
    values = go_channels(sys.argv[1])
    values["lock_python"] = asyncio.run(lock_free(20000))
    values["queue_python/1"] = asyncio.run(queue_items(1, 20000))
    values["queue_python/1024"] = asyncio.run(queue_items(1024, 20000))
    print(json.dumps(values))


if __name__ == "__main__":
    main()
