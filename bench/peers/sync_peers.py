"""What locks and queues cost elsewhere: Go's channels where there is a Go compiler, and asyncio of this Python.

Prints nanoseconds of processor time per item as JSON; what cannot be measured here is left out.
"""

import asyncio
import json
import sys
import time

from go_peer import go_peer


async def lock_free(count):
    lock = asyncio.Lock()
    start = time.process_time()
    for _ in range(count):
        await lock.acquire()
        lock.release()
    return (time.process_time() - start) / count * 1e9


async def queue_items(maxsize, count):
    queue = asyncio.Queue(maxsize)

    async def produce():
        for item in range(count):
            await queue.put(item)

    start = time.process_time()
    producer = asyncio.create_task(produce())
    for _ in range(count):
        await queue.get()
    await producer
    return (time.process_time() - start) / count * 1e9


def main():
    values = go_peer(sys.argv[1], "channel")
    values["lock_python"] = asyncio.run(lock_free(20000))
    values["queue_python/1"] = asyncio.run(queue_items(1, 20000))
    values["queue_python/1024"] = asyncio.run(queue_items(1024, 20000))
    print(json.dumps(values))


if __name__ == "__main__":
    main()
